SELECT 1 FROM task WHERE tid = ?1 AND fence = ?2
