SELECT 1 FROM session WHERE sid = ?1 AND commit_id = ?2
