-- What nobody went on with since. What was brought before this boot was brought before its clock began, at zero.
SELECT sid FROM arrival WHERE CASE WHEN boot = ?1 THEN at ELSE 0 END <= ?2 LIMIT 1
