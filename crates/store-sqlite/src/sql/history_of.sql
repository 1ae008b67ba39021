-- Where the history of an instance ends: an open one says so itself.
SELECT coalesce(i.history, s.history, 0) FROM session AS s LEFT JOIN instance AS i ON i.sid = s.sid WHERE s.sid = ?1
