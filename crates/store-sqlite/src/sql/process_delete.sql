DELETE FROM process WHERE process = ?1 AND token = ?2
