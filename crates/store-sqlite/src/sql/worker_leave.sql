UPDATE worker SET leaving = ?2, swept = 0 WHERE worker = ?1 AND leaving IS NULL
