SELECT earliest, next FROM arrival WHERE sid = ?1
