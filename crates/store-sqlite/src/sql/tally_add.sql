INSERT INTO tally (ns, hour, kind, state, count, into_hour, lasted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET
    count = count + excluded.count, into_hour = into_hour + excluded.into_hour, lasted = lasted + excluded.lasted
