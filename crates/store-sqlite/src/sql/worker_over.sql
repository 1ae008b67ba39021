UPDATE worker SET swept = 0 WHERE worker = ?1 AND swept IS NULL
