SELECT h.sid, h.seq, coalesce(f.at, 0)
FROM head h LEFT JOIN fork f ON f.sid = h.sid
WHERE h.sid > ?1
ORDER BY h.sid
LIMIT ?2
