-- By what sessions are found. Sessions are taken together in blocks of 1024 consecutive numbers; a term is
-- something that is true of a session (its state, a label, a word). bits says of which sessions of a block.
CREATE TABLE posting (
    ns INTEGER NOT NULL,
    block INTEGER NOT NULL,
    term TEXT NOT NULL,
    bits BLOB NOT NULL,
    PRIMARY KEY (ns, block, term)
) WITHOUT ROWID, STRICT;

-- When the sessions of a block were opened and started: the first and the last of them.
CREATE TABLE zone (
    block INTEGER PRIMARY KEY,
    created_min INTEGER NOT NULL,
    created_max INTEGER NOT NULL,
    started_min INTEGER,
    started_max INTEGER
) STRICT;

-- Up to which session postings and zones tell everything. What is newer is looked at itself.
CREATE TABLE folded (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sid INTEGER NOT NULL
) STRICT;

INSERT INTO folded (one, sid) VALUES (1, 0);

-- A state is a term like any other.
DROP INDEX session_listed;
