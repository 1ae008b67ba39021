SELECT sid, first_seq, prev, jump FROM log WHERE pos = ?1
