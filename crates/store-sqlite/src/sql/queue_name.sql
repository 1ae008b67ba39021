SELECT name FROM queue WHERE queue = ?1
