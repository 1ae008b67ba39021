UPDATE arrival SET next = ?2, boot = ?3, at = ?4 WHERE sid = ?1 AND next = ?5
