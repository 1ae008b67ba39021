SELECT draining FROM worker WHERE worker = ?1
