-- What was begun before this boot, or nobody went on with since.
SELECT sid FROM arrival WHERE boot <> ?1 OR at <= ?2 LIMIT 1
