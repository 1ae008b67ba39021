-- Tasks, keys and notices against each other.
SELECT 'task ' || t.tid || ' is of an instance that is not open, or has gone on'
FROM task AS t LEFT JOIN instance AS i ON i.sid = t.sid WHERE i.sid IS NULL OR i.execution <> t.execution
UNION ALL
SELECT 'task ' || t.tid || ' says nothing of what it is'
FROM task AS t LEFT JOIN history AS h ON h.pos = t.history AND h.sid = t.sid WHERE h.pos IS NULL
UNION ALL
SELECT 'task ' || t.tid || ' has a key that is not there'
FROM task AS t LEFT JOIN pin AS p ON p.kid = t.kid WHERE t.kid IS NOT NULL AND p.kid IS NULL
UNION ALL
SELECT 'task ' || t.tid || ' waits where tasks of another sort do'
FROM task AS t WHERE (t.lane = 0 AND t.kid IS NOT NULL) OR ((t.lane > 0 OR t.lane = -2) AND t.kid IS NULL)
UNION ALL
SELECT 'task ' || t.tid || ' waits for who does not hold its key'
FROM task AS t JOIN pin AS p ON p.kid = t.kid WHERE t.lane > 1 AND (p.wid IS NULL OR p.wid <> t.lane)
UNION ALL
SELECT 'task ' || t.tid || ' waits for a worker that is not there'
FROM task AS t WHERE t.lane > 1
    AND NOT EXISTS (SELECT 1 FROM worker AS w WHERE w.wid = t.lane AND (w.swept IS NULL OR w.swept < 9223372036854775807))
UNION ALL
SELECT 'task ' || t.tid || ' is run by a worker that is not there'
FROM task AS t LEFT JOIN worker AS w ON w.worker = t.worker WHERE t.lane = -3 AND w.worker IS NULL
UNION ALL
SELECT 'task ' || t.tid || ' is behind nothing'
FROM task AS t WHERE t.lane = -2
    AND NOT EXISTS (SELECT 1 FROM task AS o WHERE o.kid = t.kid AND o.lane <> -2)
UNION ALL
SELECT 'task ' || t.tid || ' waits in a queue that is not there'
FROM task AS t LEFT JOIN queue AS q ON q.queue = t.queue WHERE t.queue <> 0 AND q.queue IS NULL
UNION ALL
SELECT 'key ' || p.kid || ' is held by a name that is not there'
FROM pin AS p LEFT JOIN worker_name AS n ON n.wid = p.wid WHERE p.wid IS NOT NULL AND n.wid IS NULL
UNION ALL
SELECT 'key ' || p.kid || ' is held by nobody and nothing of it waits'
FROM pin AS p WHERE p.wid IS NULL AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.kid = p.kid)
UNION ALL
SELECT 'name ' || n.wid || ' does not hold as many keys as are counted'
FROM worker_name AS n WHERE n.pins <> (SELECT count(*) FROM pin AS p WHERE p.wid = n.wid)
UNION ALL
SELECT 'worker ' || w.worker || ' has no name'
FROM worker AS w LEFT JOIN worker_name AS n ON n.wid = w.wid AND n.id = w.id WHERE n.wid IS NULL
UNION ALL
SELECT 'notice ' || o.nid || ' is for a worker that is not there'
FROM notice AS o LEFT JOIN worker AS w ON w.worker = o.worker WHERE w.worker IS NULL
