SELECT seq, pos, depth, folded, earliest FROM head WHERE sid = ?1
