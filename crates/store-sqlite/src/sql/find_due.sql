SELECT sid FROM session WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, sid LIMIT ?2
