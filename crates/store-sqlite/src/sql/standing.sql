SELECT h.seq, h.earliest, s.revision FROM session s JOIN head h ON h.sid = s.sid WHERE s.sid = ?1
