INSERT INTO head (sid, seq, pos, depth, last_activity, folded, earliest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
