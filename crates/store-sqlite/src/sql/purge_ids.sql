DELETE FROM event_id WHERE sid = ?1 AND id IN (SELECT id FROM event_id WHERE sid = ?1 LIMIT ?2)
