UPDATE purge SET pos = ?2 WHERE sid = ?1
