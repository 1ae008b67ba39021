SELECT c.seq, c.id, c.body, c.commit_id, c.payload, c.path FROM checkpoint AS c
WHERE c.sid = ?1 AND c.path > ?2 AND EXISTS (SELECT 1 FROM session AS s WHERE s.sid = ?1) AND c.seq = (
    SELECT n.seq FROM checkpoint AS n WHERE n.sid = ?1 AND n.path = c.path ORDER BY n.seq DESC LIMIT 1
)
ORDER BY c.path LIMIT ?3
