INSERT INTO message (sid, payload) VALUES (?1, ?2)
