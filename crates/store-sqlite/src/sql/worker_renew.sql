UPDATE worker SET lease = ?2, renewed = ?3, renewed_wall = ?4, progress = ?5, progressed = ?6, swept = NULL
WHERE worker = ?1 AND leaving IS NULL
