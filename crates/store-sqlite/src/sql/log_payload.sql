SELECT payload FROM log WHERE pos = ?1
