-- The first one of whom something may be left. One that was swept to the end and may come back stays as it is.
SELECT worker, leaving, swept, wid, unpins FROM worker WHERE swept < 9223372036854775807 ORDER BY worker LIMIT 1
