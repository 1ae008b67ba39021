-- Openings of the store that workers run in, oldest first.
SELECT token FROM worker WHERE token IS NOT NULL AND leaving IS NULL ORDER BY worker
