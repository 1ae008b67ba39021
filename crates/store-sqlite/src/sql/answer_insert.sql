INSERT INTO answer (namespace, principal, key, asked, incarnation, seed, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
