SELECT first_seq, seq FROM trunk WHERE sid = ?1
