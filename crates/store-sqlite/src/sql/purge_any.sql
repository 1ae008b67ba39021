-- Whether anything may be left that nobody needs.
SELECT 1 WHERE EXISTS (SELECT 1 FROM purge) OR EXISTS (SELECT 1 FROM payload WHERE staged_at IS NOT NULL)
OR EXISTS (SELECT 1 FROM trunk AS t WHERE NOT EXISTS (SELECT 1 FROM fork WHERE base = t.sid))
