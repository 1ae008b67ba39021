DELETE FROM arrival WHERE sid = ?1
