SELECT sid FROM session WHERE parent = ?1 AND sid < ?2 ORDER BY sid DESC LIMIT ?3
