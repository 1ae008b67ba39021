SELECT o.nid, n.name, o.key, o.task, o.fence FROM notice AS o LEFT JOIN namespace AS n ON n.ns = o.ns
WHERE o.worker = ?1 AND o.nid > ?2 ORDER BY o.nid LIMIT ?3
