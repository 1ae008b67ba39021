DELETE FROM message WHERE sid = ?1
