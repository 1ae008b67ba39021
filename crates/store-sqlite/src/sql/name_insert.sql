INSERT INTO worker_name (id, pins, idle) VALUES (?1, 0, ?2)
ON CONFLICT (id) DO UPDATE SET idle = excluded.idle RETURNING wid
