UPDATE session SET fence = ?2 WHERE sid = ?1 AND fence <= ?2
