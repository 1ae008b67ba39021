SELECT t.tid, t.sid, t.execution, t.op, t.kid, t.exclusive, t.queue, t.lane, t.visible, t.waits, t.attempt, t.rescues, t.fence,
    t.worker, t.lost, t.expires, t.ttl, t.lacks
FROM task AS t WHERE t.worker = ?1 LIMIT ?2
