SELECT payload FROM payload WHERE name = ?1
