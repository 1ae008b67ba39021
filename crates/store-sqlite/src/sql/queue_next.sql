-- The next queue of a lane in which anything waits.
SELECT queue FROM task WHERE lane = ?1 AND queue > ?2 AND lane >= 0 ORDER BY queue LIMIT 1
