SELECT 1 FROM task WHERE kid = ?1 AND lane = -3 LIMIT 1
