-- Keys of which a worker runs tasks.
SELECT DISTINCT kid FROM task WHERE worker = ?1 AND kid IS NOT NULL
