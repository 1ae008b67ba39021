DELETE FROM lease WHERE sid = ?1
