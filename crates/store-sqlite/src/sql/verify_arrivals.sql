SELECT 'session ' || a.sid || ' is still to arrive, and is there'
FROM arrival AS a JOIN session AS s ON s.sid = a.sid
UNION ALL
SELECT 'session ' || a.sid || ' is still to arrive, and was purged' FROM arrival AS a JOIN purge AS p ON p.sid = a.sid
UNION ALL
SELECT 'session ' || o.sid || ' is not there, and what it came from is'
FROM origin AS o LEFT JOIN session AS s ON s.sid = o.sid WHERE s.sid IS NULL
