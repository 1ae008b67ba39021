-- What waits for it wakes it at once.
UPDATE instance SET worker = NULL,
    wake = CASE WHEN EXISTS (SELECT 1 FROM message AS m WHERE m.sid = ?1) THEN 0 ELSE ?3 END
WHERE sid = ?1 AND fence = ?2 AND worker IS NOT NULL
