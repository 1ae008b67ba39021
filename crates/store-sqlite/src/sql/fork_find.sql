SELECT base, at FROM fork WHERE sid = ?1
