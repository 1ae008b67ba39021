SELECT worker, count(*) FROM task WHERE worker IS NOT NULL GROUP BY worker
