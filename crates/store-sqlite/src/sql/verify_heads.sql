SELECT 'session ' || s.sid || ' has no head'
FROM session AS s LEFT JOIN head AS h ON h.sid = s.sid WHERE h.sid IS NULL
UNION ALL
SELECT 'head ' || h.sid || ' has no session'
FROM head AS h LEFT JOIN session AS s ON s.sid = h.sid WHERE s.sid IS NULL
UNION ALL
SELECT 'the log of session ' || h.sid || ' does not end where its head says'
FROM head AS h LEFT JOIN log AS g ON g.pos = h.pos
WHERE h.seq IS NOT coalesce(g.first_seq + g.count - 1, h.folded) OR coalesce(g.sid, h.sid) <> h.sid
    OR (h.pos = 0) <> (h.seq = h.folded)
