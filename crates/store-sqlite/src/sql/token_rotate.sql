UPDATE token SET previous = hash, previous_until = ?3, hash = ?2 WHERE tid = ?1
