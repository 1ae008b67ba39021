DELETE FROM worker_name WHERE wid = ?1
