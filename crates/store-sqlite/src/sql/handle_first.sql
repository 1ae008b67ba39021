INSERT INTO sqlite_sequence (name, seq) VALUES ('session', 1)
