SELECT wid, pins FROM worker_name
