SELECT t.tid, t.id, t.namespace, t.principal, t.role, t.note, t.created, t.expires, t.revoked, t.used, t.hash, t.previous,
    t.previous_until
FROM token AS t WHERE t.namespace = ?1 AND t.tid < ?2 ORDER BY t.tid DESC LIMIT ?3
