UPDATE worker SET draining = 1 WHERE worker = ?1
