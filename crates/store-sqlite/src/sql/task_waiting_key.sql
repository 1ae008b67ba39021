SELECT t.tid, t.sid, t.execution, t.op, t.kid, t.exclusive, t.queue, t.lane, t.visible, t.waits, t.attempt, t.rescues, t.fence,
    t.worker, t.lost, t.expires, t.ttl, t.lacks,
    t.history, t.details, s.id, n.name, i.fence
FROM task AS t JOIN session AS s ON s.sid = t.sid JOIN namespace AS n ON n.ns = s.ns JOIN instance AS i ON i.sid = t.sid
WHERE t.kid = ?1 AND t.lane = ?2 AND t.tid > ?3 AND (?5 IS NULL OR s.ns = ?5) ORDER BY t.tid LIMIT ?4
