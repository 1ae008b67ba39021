UPDATE worker SET leaving = ?2, unpins = ?3, swept = 0 WHERE worker = ?1 AND leaving IS NULL
