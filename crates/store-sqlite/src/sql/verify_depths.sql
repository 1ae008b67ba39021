-- With the number of rows of the tail that live.
SELECT h.sid, h.seq, h.pos, h.depth, h.folded, h.earliest, coalesce(g.live, 0)
FROM head AS h LEFT JOIN (
    SELECT g.sid, count(*) AS live FROM log AS g JOIN head AS t ON t.sid = g.sid
    WHERE g.first_seq > t.folded GROUP BY g.sid
) AS g ON g.sid = h.sid
