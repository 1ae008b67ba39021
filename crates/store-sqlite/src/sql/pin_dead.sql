-- What nobody will ask for: a name holds it that no worker has, and it is idle.
SELECT kid FROM pin AS p
WHERE p.wid = ?1 AND CASE WHEN p.boot = ?3 THEN max(p.used, 0) ELSE 0 END <= ?2
    AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.kid = p.kid) ORDER BY p.used LIMIT ?4
