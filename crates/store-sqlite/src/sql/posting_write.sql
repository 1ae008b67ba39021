INSERT OR REPLACE INTO posting (ns, block, term, bits) VALUES (?1, ?2, ?3, ?4)
