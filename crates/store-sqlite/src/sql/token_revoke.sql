UPDATE token SET revoked = ?2 WHERE tid = ?1
