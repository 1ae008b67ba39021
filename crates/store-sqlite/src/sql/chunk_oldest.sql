SELECT chunk, first_seq, count FROM chunk WHERE sid = ?1 ORDER BY first_seq LIMIT ?2
