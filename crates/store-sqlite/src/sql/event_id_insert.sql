INSERT INTO event_id (sid, id, seq, digest) VALUES (?1, ?2, ?3, ?4)
