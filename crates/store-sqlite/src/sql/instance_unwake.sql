UPDATE instance SET wake = NULL WHERE sid = ?1 AND worker IS NULL
