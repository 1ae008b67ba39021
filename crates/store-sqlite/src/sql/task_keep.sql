UPDATE task SET lane = ?3 WHERE kid = ?1 AND lane = 1 AND (?2 IS NULL OR queue = ?2) AND lacks IS NULL
