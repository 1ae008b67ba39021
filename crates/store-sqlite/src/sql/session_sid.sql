SELECT sid FROM session WHERE ns = ?1 AND id = ?2
