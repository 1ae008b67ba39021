INSERT INTO head (sid, seq, pos, depth, last_activity, folded, earliest) VALUES (?1, ?2, 0, 0, ?3, ?2, ?4)
