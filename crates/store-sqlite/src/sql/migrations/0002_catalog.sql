-- By what sessions are found. Sessions are taken together in blocks of 4096 consecutive numbers; a term is
-- something that is true of a session (its state, a label, a word). bits says of which sessions of a block.
CREATE TABLE posting (
    ns INTEGER NOT NULL,
    block INTEGER NOT NULL,
    term TEXT NOT NULL,
    bits BLOB NOT NULL,
    PRIMARY KEY (ns, block, term)
) WITHOUT ROWID, STRICT;

-- Between which instants and ids the sessions of a stretch lie: of a slice of 64 (level 0) or of a block (level 1).
CREATE TABLE zone (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    created_min INTEGER NOT NULL,
    created_max INTEGER NOT NULL,
    started_min INTEGER,
    started_max INTEGER,
    id_min TEXT NOT NULL,
    id_max TEXT NOT NULL,
    PRIMARY KEY (level, number)
) WITHOUT ROWID, STRICT;

-- Up to which session postings and zones tell everything. What is newer is looked at itself.
CREATE TABLE folded (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sid INTEGER NOT NULL
) STRICT;

INSERT INTO folded (one, sid) VALUES (1, 0);

-- A state is a term like any other.
DROP INDEX session_listed;

-- How many sessions there are, by the hour in which they were opened, in which kind and state. into_hour is
-- how far into their hour they were opened, lasted how long they took until they ended, both in
-- milliseconds and added up.
CREATE TABLE tally (
    ns INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    count INTEGER NOT NULL,
    into_hour INTEGER NOT NULL,
    lasted INTEGER NOT NULL,
    PRIMARY KEY (ns, hour, kind, state)
) WITHOUT ROWID, STRICT;

-- How many events came in, by minute and type. Minutes that are long over are added up in minute -1.
CREATE TABLE volume (
    ns INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    type TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (ns, minute, type)
) WITHOUT ROWID, STRICT;
