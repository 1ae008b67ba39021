SELECT bytes FROM piece WHERE piece BETWEEN ?1 AND ?2 ORDER BY piece
