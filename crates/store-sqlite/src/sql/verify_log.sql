SELECT pos, sid, first_seq, count, prev, jump, payload FROM log ORDER BY pos
