SELECT worker, expires FROM task WHERE kid = ?1 AND lane = -3
