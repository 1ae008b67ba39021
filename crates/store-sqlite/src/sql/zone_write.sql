INSERT OR REPLACE INTO zone (block, created_min, created_max, started_min, started_max) VALUES (?1, ?2, ?3, ?4, ?5)
