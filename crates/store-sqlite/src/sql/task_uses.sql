-- Whether anything of a key keeps it in use for who holds it.
SELECT 1 FROM task WHERE kid = ?1 AND (lane > 1 OR lane = -3 OR (lane = -1 AND lacks IS NULL)) LIMIT 1
