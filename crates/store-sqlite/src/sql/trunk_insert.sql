INSERT INTO trunk (sid, first_seq, seq)
SELECT min(coalesce(min(sid), 0), (SELECT coalesce(min(sid), 0) FROM purge)) - 1, ?1, ?2 FROM trunk RETURNING sid
