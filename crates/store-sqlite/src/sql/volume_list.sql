SELECT minute, type, count FROM volume WHERE ns = ?1 ORDER BY minute
