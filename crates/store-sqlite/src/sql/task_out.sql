SELECT tid, op, attempt FROM task WHERE sid = ?1 ORDER BY tid
