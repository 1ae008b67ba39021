-- Whether there is any task of a key, and the first that is behind another one.
SELECT EXISTS (SELECT 1 FROM task WHERE kid = ?1),
    (SELECT tid FROM task WHERE kid = ?1 AND lane = -2 ORDER BY tid LIMIT 1)
