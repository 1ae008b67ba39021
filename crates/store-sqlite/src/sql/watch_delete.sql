DELETE FROM watch WHERE sid = ?1 AND process = ?2
