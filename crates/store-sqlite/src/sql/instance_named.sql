-- Whether it is open, and whether somebody holds it.
SELECT s.sid, s.kind, i.sid IS NOT NULL, i.worker IS NOT NULL
FROM session AS s LEFT JOIN instance AS i ON i.sid = s.sid WHERE s.ns = ?1 AND s.id = ?2
