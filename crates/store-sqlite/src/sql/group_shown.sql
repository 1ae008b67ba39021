SELECT g.grp, g.room, g.ticket
FROM session_group AS g JOIN namespace AS n ON n.ns = g.ns
WHERE n.name = ?1 AND g.name = ?2
