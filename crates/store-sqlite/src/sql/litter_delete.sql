-- What a purge has still to remove is left to it.
DELETE FROM log WHERE pos BETWEEN ?1 AND ?2
AND NOT EXISTS (SELECT 1 FROM head WHERE head.sid = log.sid AND head.folded < log.first_seq)
AND NOT EXISTS (SELECT 1 FROM purge WHERE purge.sid = log.sid AND purge.folded < log.first_seq)
