DELETE FROM task WHERE tid = ?1
