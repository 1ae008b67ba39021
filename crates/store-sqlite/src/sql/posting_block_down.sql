SELECT block FROM posting WHERE ns = ?1 AND block <= ?2 ORDER BY block DESC LIMIT 1
