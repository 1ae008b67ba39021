SELECT grp, room, ticket FROM session_group WHERE ns = ?1 AND name = ?2
