SELECT max(at) FROM fork WHERE base = ?1 HAVING max(at) IS NOT NULL
