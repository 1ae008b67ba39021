SELECT mid, sid, payload FROM message ORDER BY mid
