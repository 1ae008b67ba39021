UPDATE trunk SET seq = ?2 WHERE sid = ?1
