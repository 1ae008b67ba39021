-- Sessions that somebody brings in from elsewhere: chunks and ids of events stand under their number already, and
-- nobody sees them. at is when something was brought last, by the boot-time clock of this boot.
CREATE TABLE arrival (
    sid INTEGER PRIMARY KEY,
    ns INTEGER NOT NULL,
    id TEXT NOT NULL,
    earliest INTEGER NOT NULL CHECK (earliest >= 1),
    next INTEGER NOT NULL CHECK (next >= earliest),
    boot BLOB NOT NULL CHECK (length(boot) = 16),
    at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX arrival_named ON arrival (ns, id);

-- What sessions were brought in from: one export, or one hand-over.
CREATE TABLE origin (
    sid INTEGER PRIMARY KEY,
    origin BLOB NOT NULL CHECK (length(origin) = 32)
) STRICT;
