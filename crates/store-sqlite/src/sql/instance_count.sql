SELECT worker, count(*) FROM instance WHERE worker IS NOT NULL GROUP BY worker
