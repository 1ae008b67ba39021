-- The last one of a stretch.
SELECT max(sid) FROM (SELECT sid FROM instance WHERE sid > ?1 ORDER BY sid LIMIT ?2)
