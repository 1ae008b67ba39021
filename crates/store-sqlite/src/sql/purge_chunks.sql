DELETE FROM chunk WHERE chunk IN (SELECT chunk FROM chunk WHERE sid = ?1 LIMIT ?2)
