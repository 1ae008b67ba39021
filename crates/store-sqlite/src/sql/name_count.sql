UPDATE worker_name SET pins = pins + ?2 WHERE wid = ?1
