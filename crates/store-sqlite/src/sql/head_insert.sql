INSERT INTO head (sid, seq, pos, depth, last_activity) VALUES (?1, ?2, ?3, ?4, ?5)
