SELECT coalesce(sum(length(payload)), 0) FROM chunk WHERE sid = ?1
