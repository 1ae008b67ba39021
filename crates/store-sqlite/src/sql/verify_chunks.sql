SELECT chunk, sid, first_seq, count, recent, payload FROM chunk ORDER BY sid, first_seq
