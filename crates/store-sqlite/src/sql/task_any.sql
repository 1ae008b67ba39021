-- Whether there is any task of a key, and any that is not under way.
SELECT EXISTS (SELECT 1 FROM task WHERE kid = ?1), EXISTS (SELECT 1 FROM task WHERE kid = ?1 AND lane <> -3)
