INSERT INTO process (token, pid) VALUES (?1, ?2)
