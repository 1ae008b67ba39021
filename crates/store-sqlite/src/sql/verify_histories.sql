-- Where the history of each instance ends, also of those that were purged.
SELECT s.sid, coalesce(i.history, s.history, 0), i.execution
FROM session AS s LEFT JOIN instance AS i ON i.sid = s.sid WHERE s.kind = 3
UNION ALL
SELECT sid, history, NULL FROM purge WHERE history <> 0
