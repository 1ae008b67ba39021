INSERT OR IGNORE INTO watch (sid, process) VALUES (?1, ?2)
