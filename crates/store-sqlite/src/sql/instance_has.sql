SELECT 1 FROM instance WHERE sid = ?1 AND worker = ?2 AND fence = ?3
