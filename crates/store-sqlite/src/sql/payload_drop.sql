UPDATE payload SET staged_at = 0
WHERE payload = ?1 AND NOT EXISTS (SELECT 1 FROM checkpoint AS c WHERE c.payload = ?1)
