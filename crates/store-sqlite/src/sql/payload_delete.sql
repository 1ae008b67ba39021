DELETE FROM payload WHERE payload = ?1
