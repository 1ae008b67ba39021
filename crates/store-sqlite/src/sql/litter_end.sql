-- The last of the next rows of the log, and how many they are.
SELECT coalesce(max(pos), 0), count(*) FROM (SELECT pos FROM log WHERE pos >= ?1 ORDER BY pos LIMIT ?2)
