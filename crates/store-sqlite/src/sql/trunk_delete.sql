DELETE FROM trunk WHERE sid = ?1
