UPDATE chunk SET sid = ?2 WHERE chunk = ?1
