-- The reader stops at the end of what it looks for.
SELECT term, bits FROM posting WHERE ns = ?1 AND block = ?2 AND term >= ?3 ORDER BY term
