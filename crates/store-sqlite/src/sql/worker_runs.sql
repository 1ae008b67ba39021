SELECT count(*) FROM task WHERE lane = -3 AND worker = ?1
