DELETE FROM volume WHERE ns = ?1 AND minute >= 0 AND minute < ?2
