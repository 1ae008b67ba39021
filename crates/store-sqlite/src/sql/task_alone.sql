SELECT 1 FROM task WHERE kid = ?1 AND exclusive = 1 LIMIT 1
