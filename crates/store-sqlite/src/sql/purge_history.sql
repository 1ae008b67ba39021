UPDATE purge SET history = ?2 WHERE sid = ?1
