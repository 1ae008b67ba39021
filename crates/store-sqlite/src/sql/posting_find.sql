SELECT bits FROM posting WHERE ns = ?1 AND block = ?2 AND term = ?3
