DELETE FROM answer WHERE aid = ?1
