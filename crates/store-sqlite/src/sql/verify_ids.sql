-- Ids of a purged session are removed bit by bit, and those of one that is to arrive come so.
SELECT 'session ' || i.sid || ' is not there, and ' || count(*) || ' ids of its events are'
FROM event_id AS i LEFT JOIN session AS s ON s.sid = i.sid LEFT JOIN purge AS p ON p.sid = i.sid
LEFT JOIN trunk AS t ON t.sid = i.sid LEFT JOIN arrival AS a ON a.sid = i.sid
WHERE coalesce(s.sid, p.sid, t.sid, a.sid) IS NULL GROUP BY i.sid
UNION ALL
SELECT 'the log of session ' || i.sid || ' has no event ' || i.seq || ', and an id says it has'
FROM event_id AS i JOIN head AS h ON h.sid = i.sid LEFT JOIN fork AS f ON f.sid = i.sid
WHERE i.seq NOT BETWEEN max(h.earliest, coalesce(f.at + 1, 1)) AND h.seq
UNION ALL
SELECT 'the log of ' || i.sid || ' has no event ' || i.seq || ', and an id says it has'
FROM event_id AS i JOIN trunk AS t ON t.sid = i.sid WHERE i.seq NOT BETWEEN t.first_seq AND t.seq
UNION ALL
SELECT 'session ' || p.sid || ' was purged and is there' FROM purge AS p JOIN session AS s ON s.sid = p.sid
