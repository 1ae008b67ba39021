SELECT 'checkpoint ' || c.id || ' of session ' || c.sid || ' shows a payload that is not there, or is to be removed'
FROM checkpoint AS c LEFT JOIN payload AS p ON p.payload = c.payload
WHERE p.payload IS NULL OR p.staged_at IS NOT NULL
UNION ALL
SELECT 'checkpoint ' || c.id || ' is one of session ' || c.sid || ', which is not there'
FROM checkpoint AS c LEFT JOIN session AS s ON s.sid = c.sid LEFT JOIN purge AS p ON p.sid = c.sid
LEFT JOIN arrival AS a ON a.sid = c.sid
WHERE coalesce(s.sid, p.sid, a.sid) IS NULL
UNION ALL
SELECT 'payload ' || p.payload || ' is shown by no checkpoint'
FROM payload AS p LEFT JOIN checkpoint AS c ON c.payload = p.payload
WHERE p.staged_at IS NULL AND c.payload IS NULL
UNION ALL
SELECT 'piece ' || min(i.piece) || ' belongs to no payload'
FROM piece AS i LEFT JOIN payload AS p ON p.payload = i.piece / 65536
WHERE p.payload IS NULL GROUP BY i.piece / 65536
