INSERT OR REPLACE INTO group_member (sid, grp, ticket) VALUES (?1, ?2, ?3)
