-- What waits for it wakes it at once.
UPDATE instance SET worker = NULL, rescued = max(rescued, ?4),
    wake = CASE WHEN EXISTS (SELECT 1 FROM message AS m WHERE m.sid = instance.sid) THEN 0 ELSE wake END
WHERE sid > ?1 AND sid <= ?2 AND worker = ?3
