-- Those for others are looked at, so that the next reading goes on after them.
SELECT m.mid, m.sid, CASE WHEN i.worker = ?1 THEN m.payload END
FROM message AS m LEFT JOIN instance AS i ON i.sid = m.sid WHERE m.mid > ?2 ORDER BY m.mid
