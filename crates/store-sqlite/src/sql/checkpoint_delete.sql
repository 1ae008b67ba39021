DELETE FROM checkpoint WHERE sid = ?1 AND id = ?2 RETURNING payload
