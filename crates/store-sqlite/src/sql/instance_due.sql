SELECT sid, turn, fence, rescued FROM instance
WHERE worker IS NULL AND wake IS NOT NULL AND wake <= ?1 ORDER BY wake, sid LIMIT ?2
