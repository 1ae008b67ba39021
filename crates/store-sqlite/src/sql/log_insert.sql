INSERT INTO log (pos, sid, first_seq, count, prev, jump, commit_id, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
