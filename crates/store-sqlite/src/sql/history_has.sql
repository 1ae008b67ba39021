SELECT 1 FROM history WHERE pos = ?1 AND sid = ?2
