DELETE FROM event_id WHERE sid = ?1 AND id = ?2
