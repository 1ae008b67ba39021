-- The plus keeps the tenant from being looked for first: these are a few sessions in a row.
SELECT * FROM stored WHERE sid > ?1 AND sid <= ?2 AND +ns = ?3 ORDER BY sid DESC
