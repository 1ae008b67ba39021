UPDATE event_id SET sid = ?3 WHERE sid = ?1 AND id = ?2
