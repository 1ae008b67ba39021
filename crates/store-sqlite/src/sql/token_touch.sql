UPDATE token SET used = ?2 WHERE tid = ?1
