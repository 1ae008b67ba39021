UPDATE head SET seq = ?2, pos = ?3, depth = ?4, last_activity = ?5 WHERE sid = ?1 AND seq = ?6 AND seq <= ?2 AND last_activity <= ?5
