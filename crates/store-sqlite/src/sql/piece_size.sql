SELECT coalesce(sum(length(bytes)), 0) FROM piece WHERE piece BETWEEN ?1 AND ?2
