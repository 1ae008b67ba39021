INSERT INTO purge (sid, pos, folded, history) VALUES (?1, ?2, ?3, ?4)
