UPDATE session SET lease = ?2 WHERE sid = ?1 AND lease IS NOT NULL
