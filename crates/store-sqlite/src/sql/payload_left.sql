SELECT payload FROM payload WHERE staged_at IS NOT NULL AND staged_at <= ?1 ORDER BY staged_at LIMIT 1
