-- One kind in one state: a range of the index, newest first. Other filters are unions of such ranges.
SELECT sid FROM session
WHERE ns = (SELECT ns FROM namespace WHERE name = ?1) AND kind = ?2 AND state = ?3 AND sid < ?4
ORDER BY sid DESC LIMIT ?5
