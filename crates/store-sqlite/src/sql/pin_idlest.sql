-- What a name holds, that first which was not used for longest; only those of which nothing waits or is under way.
SELECT p.kid FROM pin AS p
WHERE p.wid = ?1 AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.kid = p.kid) ORDER BY p.used
