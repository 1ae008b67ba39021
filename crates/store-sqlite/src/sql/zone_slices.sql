SELECT number, created_min, created_max, started_min, started_max, id_min, id_max FROM zone
WHERE level = 0 AND number >= ?1 AND number <= ?2
