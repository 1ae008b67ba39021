SELECT execution, op, attempt, rescues FROM task WHERE tid = ?1
