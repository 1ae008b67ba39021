INSERT INTO volume (ns, minute, type, count)
SELECT ns, -1, type, sum(count) FROM volume WHERE ns = ?1 AND minute >= 0 AND minute < ?2 GROUP BY type
ON CONFLICT DO UPDATE SET count = count + excluded.count
