SELECT sid, first_seq, count, prev, commit_id FROM log WHERE pos = ?1
