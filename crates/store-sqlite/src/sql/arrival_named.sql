SELECT sid FROM arrival WHERE ns = ?1 AND id = ?2
