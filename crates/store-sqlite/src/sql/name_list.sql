-- How many keys the names of known workers hold.
SELECT n.wid, n.pins FROM worker_name AS n
WHERE n.wid IN (SELECT w.wid FROM worker AS w WHERE w.leaving IS NULL)
