SELECT sid, prev, length(payload), first_seq, count FROM log WHERE pos = ?1
