DELETE FROM answer WHERE aid IN (SELECT a.aid FROM answer AS a WHERE a.at <= ?1 ORDER BY a.at LIMIT ?2)
