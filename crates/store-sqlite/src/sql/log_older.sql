-- No index leads to it: this is for logs whose rows do not lead to one another any more.
SELECT coalesce(max(pos), 0) FROM log WHERE sid = ?1 AND first_seq > ?2 AND pos < ?3
