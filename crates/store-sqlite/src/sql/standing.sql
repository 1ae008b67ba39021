SELECT h.seq, s.revision FROM session s JOIN head h ON h.sid = s.sid WHERE s.sid = ?1
