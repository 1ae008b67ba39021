SELECT * FROM stored WHERE sid = ?1
