SELECT p.kid, p.ns, p.key, p.wid, p.worker, p.fence, p.since, p.boot, p.used, p.used_wall, n.id,
    (SELECT count(*) FROM task AS t WHERE t.kid = p.kid)
FROM pin AS p JOIN worker_name AS n ON n.wid = p.wid
WHERE p.ns = ?1 AND p.key > ?2 AND (?3 IS NULL OR n.id = ?3) ORDER BY p.key LIMIT ?4
