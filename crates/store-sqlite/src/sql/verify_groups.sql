SELECT 'session ' || m.sid || ' is in a group, and is not open and held'
FROM group_member AS m LEFT JOIN session AS s ON s.sid = m.sid WHERE s.sid IS NULL OR s.state > 3 OR s.lease IS NULL
UNION ALL
SELECT 'session ' || m.sid || ' is in a group that is not there'
FROM group_member AS m LEFT JOIN session_group AS g ON g.grp = m.grp WHERE g.grp IS NULL
UNION ALL
SELECT 'session ' || m.sid || ' waits with a ticket that was not given out'
FROM group_member AS m JOIN session_group AS g ON g.grp = m.grp WHERE m.ticket > g.ticket
