DELETE FROM head WHERE sid = ?1
