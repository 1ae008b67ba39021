SELECT count(*) FROM instance WHERE worker = ?1
