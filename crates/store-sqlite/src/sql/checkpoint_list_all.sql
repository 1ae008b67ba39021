SELECT seq, id, body, commit_id, payload FROM checkpoint
WHERE sid = ?1 AND seq < ?2 AND EXISTS (SELECT 1 FROM session AS s WHERE s.sid = ?1) ORDER BY seq DESC LIMIT ?3
