SELECT 'the log of ' || f.sid || ' begins in that of ' || f.base || ', which is not there, not that long, or begins later'
FROM fork AS f LEFT JOIN head AS o ON o.sid = f.sid
LEFT JOIN head AS h ON h.sid = f.base LEFT JOIN trunk AS t ON t.sid = f.base
WHERE coalesce(h.seq, t.seq, -1) < f.at OR h.earliest > coalesce(o.earliest, h.earliest)
UNION ALL
SELECT 'the log of ' || f.sid || ' begins in another one, and is not there'
FROM fork AS f LEFT JOIN session AS s ON s.sid = f.sid LEFT JOIN trunk AS t ON t.sid = f.sid
WHERE coalesce(s.sid, t.sid) IS NULL
UNION ALL
SELECT 'the log of session ' || f.sid || ' begins after position ' || f.at || ', up to which it should be another one''s'
FROM fork AS f JOIN head AS h ON h.sid = f.sid WHERE h.earliest > f.at
