INSERT INTO chunk (sid, first_seq, count, recent, payload) VALUES (?1, ?2, ?3, ?4, ?5)
