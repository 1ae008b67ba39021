DELETE FROM watch WHERE process = ?1
