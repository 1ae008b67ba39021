SELECT grp, ticket FROM group_member WHERE sid = ?1
