SELECT 'session ' || s.sid || ' has ended and still has a lease'
FROM session AS s WHERE s.state > 3 AND s.lease IS NOT NULL
UNION ALL
SELECT 'session ' || s.sid || ' has a lease without its term'
FROM session AS s LEFT JOIN lease AS l ON l.sid = s.sid WHERE s.lease IS NOT NULL AND l.sid IS NULL
UNION ALL
SELECT 'session ' || l.sid || ' has a term without its lease'
FROM lease AS l LEFT JOIN session AS s ON s.sid = l.sid WHERE s.lease IS NULL
UNION ALL
SELECT 'session ' || s.sid || ' is held under a fence that was not given out'
FROM lease AS l JOIN session AS s ON s.sid = l.sid WHERE l.fence > s.fence
