SELECT sid FROM session WHERE ns = ?1 AND id >= ?2 AND id < ?3 LIMIT ?4
