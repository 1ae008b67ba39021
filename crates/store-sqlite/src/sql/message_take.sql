DELETE FROM message WHERE mid = ?1 AND sid = ?2
