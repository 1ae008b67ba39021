SELECT last_activity FROM head WHERE sid = ?1
