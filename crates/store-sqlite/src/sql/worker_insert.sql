INSERT INTO worker (id, token, lease, renewed, renewed_wall, wid, serving, progressed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4)
