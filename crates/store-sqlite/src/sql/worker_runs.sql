SELECT count(*) FROM task WHERE worker = ?1
