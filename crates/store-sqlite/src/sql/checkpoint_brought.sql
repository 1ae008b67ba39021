-- Of a session that is still to arrive, which is not there.
SELECT commit_id FROM checkpoint WHERE sid = ?1 AND (id = ?2 OR seq = ?3)
