UPDATE instance SET wake = 0 WHERE sid = ?1 AND worker IS NULL
