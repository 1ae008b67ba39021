-- No index leads to them: this is for logs whose rows do not lead to one another any more.
SELECT sid, first_seq, count, prev, length(payload), CASE WHEN length(payload) <= ?4 THEN payload END, commit_id, pos
FROM log WHERE sid = ?1 AND first_seq > ?2 AND pos <= ?3 ORDER BY pos LIMIT ?5
