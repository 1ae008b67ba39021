SELECT ns FROM namespace WHERE name = ?1
