-- What a start of a worker holds, or an earlier one of its name.
SELECT kid FROM pin WHERE wid = ?1 AND worker <= ?2 LIMIT ?3
