DELETE FROM purge WHERE sid = ?1
