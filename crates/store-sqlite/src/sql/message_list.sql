SELECT mid, payload FROM message WHERE sid = ?1 ORDER BY mid
