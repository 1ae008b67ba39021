UPDATE task SET details = coalesce(?2, details), expires = ?3 WHERE tid = ?1
