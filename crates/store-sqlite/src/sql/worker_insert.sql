INSERT INTO worker (id, token, lease, renewed, renewed_wall) VALUES (?1, ?2, ?3, ?4, ?5)
