SELECT 'session ' || s.sid || ' is open and no instance'
FROM session AS s LEFT JOIN instance AS i ON i.sid = s.sid WHERE s.kind = 3 AND s.state <= 3 AND i.sid IS NULL
UNION ALL
SELECT 'instance ' || i.sid || ' has ended, or is none'
FROM instance AS i LEFT JOIN session AS s ON s.sid = i.sid WHERE s.sid IS NULL OR s.kind <> 3 OR s.state > 3
UNION ALL
SELECT 'instance ' || i.sid || ' has another fence than its session'
FROM instance AS i JOIN session AS s ON s.sid = i.sid WHERE i.fence <> s.fence
UNION ALL
SELECT 'instance ' || i.sid || ' is held by a worker that is not there'
FROM instance AS i LEFT JOIN worker AS w ON w.worker = i.worker WHERE i.worker IS NOT NULL AND w.worker IS NULL
UNION ALL
SELECT 'message ' || m.mid || ' is for an instance that is not open'
FROM message AS m LEFT JOIN instance AS i ON i.sid = m.sid WHERE i.sid IS NULL
