UPDATE answer SET incarnation = ?2, at = ?3 WHERE aid = ?1
