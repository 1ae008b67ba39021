SELECT seq, id, body, commit_id, payload FROM checkpoint
WHERE sid = ?1 AND path = ?2 AND seq <= ?3 AND EXISTS (SELECT 1 FROM session AS s WHERE s.sid = ?1)
ORDER BY seq DESC LIMIT 1
