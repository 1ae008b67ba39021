SELECT 1 FROM log WHERE pos = ?1 AND sid = ?2 AND first_seq = ?3
