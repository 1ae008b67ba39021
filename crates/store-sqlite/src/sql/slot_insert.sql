-- Its counters are written with the session that is opened in it.
INSERT INTO slot (ns, kind, key, revision, fence, newest) VALUES (?1, ?2, ?3, 0, 0, 0)
