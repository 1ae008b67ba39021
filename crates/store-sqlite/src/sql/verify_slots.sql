-- What the unique index and the triggers should have kept from happening.
SELECT 'slot ' || slot || ' has ' || count(*) || ' open sessions'
FROM session WHERE state <= 3 AND slot IS NOT NULL GROUP BY slot HAVING count(*) > 1
UNION ALL
SELECT 'slot ' || t.slot || ' names session ' || t.newest || ' as its newest, which is ' || coalesce(max(s.sid), 'none')
FROM slot AS t LEFT JOIN session AS s ON s.slot = t.slot
GROUP BY t.slot HAVING t.newest IS NOT coalesce(max(s.sid), 0)
UNION ALL
SELECT 'session ' || s.sid || ' has a revision or fence beyond its slot''s'
FROM session AS s JOIN slot AS t ON t.slot = s.slot
WHERE s.revision > t.revision OR s.fence > t.fence
