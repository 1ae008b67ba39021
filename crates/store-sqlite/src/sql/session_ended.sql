UPDATE session SET history = ?2 WHERE sid = ?1
