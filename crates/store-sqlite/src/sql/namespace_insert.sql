INSERT INTO namespace (name) VALUES (?1)
