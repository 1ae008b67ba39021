SELECT sid, last_activity FROM head WHERE sid >= ?1 AND sid <= ?2
