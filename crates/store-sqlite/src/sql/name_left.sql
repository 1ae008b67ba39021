-- Names that no worker has.
SELECT n.wid, n.idle, n.pins FROM worker_name AS n
WHERE n.wid > ?1 AND NOT EXISTS (SELECT 1 FROM worker AS w WHERE w.wid = n.wid) ORDER BY n.wid LIMIT 1
