INSERT OR IGNORE INTO posting (ns, block, term, bits) VALUES (?1, ?2, ?3, ?4)
