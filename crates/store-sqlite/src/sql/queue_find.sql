SELECT queue FROM queue WHERE name = ?1
