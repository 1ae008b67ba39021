INSERT INTO arrival (sid, ns, id, earliest, next, boot, at) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
