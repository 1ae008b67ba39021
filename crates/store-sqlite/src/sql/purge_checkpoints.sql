DELETE FROM checkpoint WHERE sid = ?1 AND seq IN (SELECT seq FROM checkpoint WHERE sid = ?1 LIMIT ?2)
RETURNING payload
