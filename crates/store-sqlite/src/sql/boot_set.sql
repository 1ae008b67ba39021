INSERT INTO boot (one, id) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET id = excluded.id
