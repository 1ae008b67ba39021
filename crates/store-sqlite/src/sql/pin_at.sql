SELECT p.kid, p.ns, p.key, p.wid, p.worker, p.fence, p.since, p.boot, p.used, p.used_wall
FROM pin AS p WHERE p.kid = ?1
