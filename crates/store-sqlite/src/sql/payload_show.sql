UPDATE payload SET staged_at = NULL WHERE payload = ?1
