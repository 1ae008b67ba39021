-- What no worker was given, by queue: the default queue has no name, and comes first.
SELECT q.name, count(*)
FROM task AS t JOIN session AS s ON s.sid = t.sid LEFT JOIN queue AS q ON q.queue = t.queue
WHERE s.ns = ?1 AND t.lane <> -3 GROUP BY t.queue ORDER BY q.name
