SELECT worker, expires, ttl FROM task WHERE kid = ?1 AND lane = -3
