UPDATE chunk SET first_seq = ?2, count = ?3, payload = ?4 WHERE chunk = ?1
