INSERT OR REPLACE INTO zone (level, number, created_min, created_max, started_min, started_max, id_min, id_max)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
