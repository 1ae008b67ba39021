UPDATE instance SET worker = ?2, fence = ?3, rescued = 0 WHERE sid = ?1 AND worker IS NULL
