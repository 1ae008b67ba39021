DELETE FROM origin WHERE sid = ?1
