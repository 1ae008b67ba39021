UPDATE task SET lane = ?3 WHERE kid = ?1 AND lane = ?2
