INSERT OR REPLACE INTO piece (piece, bytes) VALUES (?1, ?2)
