-- The chunk that holds a position, if one does.
SELECT chunk, first_seq, count, payload FROM chunk WHERE sid = ?1 AND first_seq <= ?2 ORDER BY first_seq DESC LIMIT 1
