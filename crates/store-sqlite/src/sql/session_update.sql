-- The lease and what was said are written only by those who changed them: renewals and notes come in between.
UPDATE session SET
    state = ?3, revision = ?4, fence = ?5, due_at = ?6, commit_id = ?7, commit_seq = ?8, commit_at = ?9,
    lease = CASE WHEN ?10 THEN ?11 ELSE lease END,
    activity = CASE WHEN ?12 THEN ?13 ELSE activity END,
    body = ?14
WHERE sid = ?1 AND id = ?2 AND revision <= ?4 AND fence <= ?5 AND (state NOT IN (4, 6, 7) OR state = ?3)
