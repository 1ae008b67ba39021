SELECT 1 FROM session WHERE ns = ?1 AND id = ?2
