-- Keys of which a worker runs tasks.
SELECT DISTINCT kid FROM task WHERE lane = -3 AND worker = ?1 AND kid IS NOT NULL
