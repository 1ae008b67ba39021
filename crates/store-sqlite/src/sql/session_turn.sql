UPDATE session SET
    state = ?2, revision = ?3, fence = ?4, due_at = ?5, commit_id = ?6, commit_seq = ?7, commit_at = ?8, body = ?9,
    history = ?10
WHERE sid = ?1 AND revision = ?3 - 1 AND fence <= ?4 AND state <= 3
