INSERT INTO origin (sid, origin) VALUES (?1, ?2)
