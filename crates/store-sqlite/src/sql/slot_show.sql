-- What is left in a slot whose newest session was purged.
UPDATE slot SET newest = (SELECT coalesce(max(sid), 0) FROM session WHERE slot = ?1)
WHERE slot = ?1 AND newest = ?2
