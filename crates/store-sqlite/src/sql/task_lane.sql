UPDATE task SET lane = ?2 WHERE tid = ?1
