SELECT 1 FROM message WHERE mid = ?1
