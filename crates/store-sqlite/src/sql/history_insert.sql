INSERT INTO history (pos, sid, execution, prev, payload) VALUES (?1, ?2, ?3, ?4, ?5)
