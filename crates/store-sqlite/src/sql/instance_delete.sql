DELETE FROM instance WHERE sid = ?1
