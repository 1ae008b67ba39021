INSERT INTO token (id, namespace, principal, role, note, created, expires, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
