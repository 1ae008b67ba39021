-- Queues in which tasks wait for who gets their key that came before it was idle.
SELECT DISTINCT q.name FROM task AS t LEFT JOIN queue AS q ON q.queue = t.queue
WHERE t.kid = ?1 AND t.lane = 1 AND t.lacks IS NULL AND t.waits < ?2
