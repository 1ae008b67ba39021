SELECT worker, count(*) FROM task WHERE lane = -3 GROUP BY worker
