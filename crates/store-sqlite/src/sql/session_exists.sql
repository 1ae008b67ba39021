SELECT 1 FROM session WHERE sid = ?1
