UPDATE answer SET status = ?2, content_type = ?3, body = ?4, at = ?5 WHERE aid = ?1
