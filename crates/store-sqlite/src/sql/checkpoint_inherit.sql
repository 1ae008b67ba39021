INSERT INTO checkpoint (sid, seq, id, commit_id, payload, body)
SELECT ?2, seq, id, commit_id, payload, body FROM checkpoint
WHERE sid = ?1 AND seq <= ?3 AND path IS NULL ORDER BY seq DESC LIMIT ?4
