SELECT sid, prev, length(payload), first_seq FROM log WHERE pos = ?1
