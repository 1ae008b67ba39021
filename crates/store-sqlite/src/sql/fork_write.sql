INSERT OR REPLACE INTO fork (sid, base, at) VALUES (?1, ?2, ?3)
