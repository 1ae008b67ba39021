-- The next number of a session, without a session: none is given out twice.
UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'session' RETURNING seq
