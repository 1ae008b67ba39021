INSERT INTO session_group (ns, name, room, ticket) VALUES (?1, ?2, NULL, 0)
