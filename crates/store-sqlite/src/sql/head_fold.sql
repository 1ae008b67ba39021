UPDATE head SET pos = ?2, depth = ?3, folded = ?4, earliest = ?5
WHERE sid = ?1 AND seq = ?6 AND folded = ?7 AND earliest = ?8 AND folded <= ?4 AND earliest <= ?5
