INSERT INTO purge (sid, pos, folded) VALUES (?1, ?2, ?3)
