INSERT INTO checkpoint (sid, seq, id, commit_id, payload, body, path) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
