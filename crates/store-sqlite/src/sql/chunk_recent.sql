SELECT recent FROM chunk WHERE sid = ?1 ORDER BY first_seq DESC LIMIT 1
