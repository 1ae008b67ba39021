UPDATE worker SET swept = ?2 WHERE worker = ?1
