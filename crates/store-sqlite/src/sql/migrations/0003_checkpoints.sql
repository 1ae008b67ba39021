-- Logs that begin in another one's: up to which position, and where that is. A log without a session, below zero,
-- is a trunk.
CREATE TABLE fork (
    sid INTEGER PRIMARY KEY,
    base INTEGER NOT NULL CHECK (base <> sid),
    at INTEGER NOT NULL CHECK (at > 0)
) STRICT;

CREATE INDEX fork_of ON fork (base);

-- A part of a log, in chunks, that only forks read: its session has gone, or begins later.
CREATE TABLE trunk (
    sid INTEGER PRIMARY KEY CHECK (sid < 0),
    first_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= first_seq)
) STRICT;

-- Saved values without their payloads; seq is the position of the event. What has a path is a version of that file.
CREATE TABLE checkpoint (
    sid INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16),
    payload INTEGER NOT NULL,
    body BLOB NOT NULL,
    path TEXT,
    PRIMARY KEY (sid, seq)
) WITHOUT ROWID, STRICT;

CREATE UNIQUE INDEX checkpoint_named ON checkpoint (sid, id);
CREATE INDEX checkpoint_of ON checkpoint (payload);
CREATE INDEX checkpoint_saved ON checkpoint (sid, seq) WHERE path IS NULL;
CREATE INDEX checkpoint_file ON checkpoint (sid, path, seq) WHERE path IS NOT NULL;

-- Payloads, which forks share with their parents. One that no checkpoint shows has the time when it was begun, or 0
-- when it is no longer wanted.
CREATE TABLE payload (
    payload INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE CHECK (length(name) = 16),
    staged_at INTEGER
) STRICT;

CREATE INDEX payload_staged ON payload (staged_at) WHERE staged_at IS NOT NULL;

-- Piece payload * 65536 + number. Large payloads are written by many small transactions.
CREATE TABLE piece (
    piece INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
