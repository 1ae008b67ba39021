SELECT t.tid, t.id, t.namespace, t.principal, t.role, t.note, t.created, t.expires, t.revoked, t.used, t.hash, t.previous,
    t.previous_until
FROM token AS t WHERE t.hash = ?1 OR t.previous = ?1
