UPDATE lease SET renewed = ?3, renewed_wall = ?4 WHERE sid = ?1 AND fence = ?2
