SELECT name FROM namespace WHERE ns = ?1
