UPDATE session SET due_at = ?2 WHERE sid = ?1 AND due_at IS NOT NULL
