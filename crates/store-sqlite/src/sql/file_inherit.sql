-- Each file as it was there.
INSERT INTO checkpoint (sid, seq, id, commit_id, payload, body, path)
SELECT ?2, c.seq, c.id, c.commit_id, c.payload, c.body, c.path FROM checkpoint AS c
WHERE c.sid = ?1 AND c.path IS NOT NULL AND c.seq = (
    SELECT n.seq FROM checkpoint AS n WHERE n.sid = ?1 AND n.path = c.path AND n.seq <= ?3 ORDER BY n.seq DESC LIMIT 1
)
ORDER BY c.path LIMIT ?4
