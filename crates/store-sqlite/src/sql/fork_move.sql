UPDATE fork SET base = ?2 WHERE base = ?1 AND at <= ?3
