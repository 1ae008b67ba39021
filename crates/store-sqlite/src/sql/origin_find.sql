SELECT o.origin FROM session AS s LEFT JOIN origin AS o ON o.sid = s.sid WHERE s.ns = ?1 AND s.id = ?2
