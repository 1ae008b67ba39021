-- A large payload stays where it is until it is known to be wanted.
SELECT sid, first_seq, count, prev, length(payload), CASE WHEN length(payload) <= ?2 THEN payload END, commit_id
FROM log WHERE pos = ?1
