-- With where its own part begins, and the number of rows of the tail that live. A trunk has no tail.
SELECT h.sid, h.seq, h.pos, h.depth, h.folded, max(h.earliest, coalesce(f.at + 1, 1)), coalesce(g.live, 0)
FROM head AS h LEFT JOIN fork AS f ON f.sid = h.sid LEFT JOIN (
    SELECT g.sid, count(*) AS live FROM log AS g JOIN head AS t ON t.sid = g.sid
    WHERE g.first_seq > t.folded GROUP BY g.sid
) AS g ON g.sid = h.sid
UNION ALL
SELECT sid, seq, 0, 0, seq, first_seq, 0 FROM trunk
