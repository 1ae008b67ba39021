DELETE FROM fork WHERE sid = ?1
