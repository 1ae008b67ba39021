SELECT a.aid, a.asked, a.incarnation, a.seed, a.at, a.status, a.content_type, a.body
FROM answer AS a WHERE a.namespace = ?1 AND a.principal = ?2 AND a.key = ?3
