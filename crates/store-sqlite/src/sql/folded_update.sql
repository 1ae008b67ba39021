UPDATE folded SET sid = ?1 WHERE one = 1 AND sid <= ?1
