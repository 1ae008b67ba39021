DELETE FROM worker_name WHERE wid = ?1 AND NOT EXISTS (SELECT 1 FROM pin AS p WHERE p.wid = ?1)
