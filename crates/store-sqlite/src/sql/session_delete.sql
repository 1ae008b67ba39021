DELETE FROM session WHERE sid = ?1
