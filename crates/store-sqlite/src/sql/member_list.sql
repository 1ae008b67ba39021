SELECT sid, ticket FROM group_member WHERE grp = ?1 ORDER BY ticket, sid
