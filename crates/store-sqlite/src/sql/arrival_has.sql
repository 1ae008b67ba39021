SELECT 1 FROM arrival WHERE sid = ?1 AND next >= ?2
