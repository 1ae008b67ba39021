SELECT * FROM stored WHERE sid > ?1 AND sid <= ?2 ORDER BY sid
