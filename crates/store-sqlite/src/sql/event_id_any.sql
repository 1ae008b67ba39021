SELECT 1 FROM event_id WHERE sid = ?1 LIMIT 1
