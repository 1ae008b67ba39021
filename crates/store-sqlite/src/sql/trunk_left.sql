-- Nobody reads it any more.
SELECT sid, seq FROM trunk AS t WHERE NOT EXISTS (SELECT 1 FROM fork WHERE base = t.sid) LIMIT 1
