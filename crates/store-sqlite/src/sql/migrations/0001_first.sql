-- Hot tables are narrow and have ascending integer keys; what is wide or seldom read stands elsewhere.
-- CHECK constraints, unique indexes and triggers state the rules a second time: no statement relies on them.

-- Tenants by number. Never deleted.
CREATE TABLE namespace (
    ns INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Counters live here and go on when a new session opens in the slot. Never deleted.
CREATE TABLE slot (
    slot INTEGER PRIMARY KEY,
    ns INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    fence INTEGER NOT NULL CHECK (fence >= 0),
    newest INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX slot_named ON slot (ns, key, kind);

-- AUTOINCREMENT, because a handle is never given out twice, even after a purge.
-- States 1 to 3 are open, 4 to 7 terminal. A parent that is not there any more was purged.
CREATE TABLE session (
    sid INTEGER PRIMARY KEY AUTOINCREMENT,
    ns INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    slot INTEGER,
    parent INTEGER,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    fence INTEGER NOT NULL CHECK (fence >= 0),
    due_at INTEGER CHECK (due_at IS NULL OR state <= 3),
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16),
    commit_seq INTEGER NOT NULL,
    commit_at INTEGER NOT NULL,
    lease BLOB CHECK (lease IS NULL OR state <= 3),
    activity BLOB,
    body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX session_id ON session (ns, id);
CREATE UNIQUE INDEX session_open ON session (slot) WHERE state <= 3 AND slot IS NOT NULL;
CREATE INDEX session_slot ON session (slot) WHERE slot IS NOT NULL;
CREATE INDEX session_parent ON session (parent) WHERE parent IS NOT NULL;
CREATE INDEX session_listed ON session (ns, kind, state);
CREATE INDEX session_due ON session (due_at) WHERE due_at IS NOT NULL;

-- Where a session's log stands: its newest position, the row of the tail that holds it (0 for none), and how
-- many rows were added since the tail was last empty. Positions up to folded are in chunks, later ones in the
-- tail; those before earliest were dropped.
CREATE TABLE head (
    sid INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    last_activity INTEGER NOT NULL,
    folded INTEGER NOT NULL DEFAULT 0 CHECK (folded <= seq),
    earliest INTEGER NOT NULL DEFAULT 1 CHECK (earliest BETWEEN 1 AND folded + 1)
) STRICT;

-- What a renewal moves, and nothing else. No index on expiry: it would double the cost of a renewal.
CREATE TABLE lease (
    sid INTEGER PRIMARY KEY,
    fence INTEGER NOT NULL,
    renewed INTEGER,
    renewed_wall INTEGER
) STRICT;

-- The tails of all logs: one row per append, in arrival order over all sessions. prev and jump are earlier
-- rows of the same session, 0 for none. commit_id names the append or the commit, for whoever lost its answer.
-- A row whose positions are folded or dropped is dead: nobody reads it, and it is deleted some time later.
CREATE TABLE log (
    pos INTEGER PRIMARY KEY,
    sid INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    prev INTEGER NOT NULL CHECK (prev < pos),
    jump INTEGER NOT NULL CHECK (jump <= prev),
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16),
    payload BLOB NOT NULL
) STRICT;

-- The beginnings of logs: many appends in one row, compressed. recent names the latest of them, for whoever
-- lost an answer; only the newest chunk of a fold has it.
CREATE TABLE chunk (
    chunk INTEGER PRIMARY KEY,
    sid INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    recent BLOB,
    payload BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX chunk_at ON chunk (sid, first_seq);

-- Sessions whose tail is long enough to be folded.
CREATE TABLE fold_due (
    sid INTEGER PRIMARY KEY
) STRICT;

-- Dead rows of the log, and how far the pass that deletes them has come: it goes on at the position next, 0 for
-- no pass. kept and upto are what the last one left: so many rows, up to that position.
CREATE TABLE litter (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    dead INTEGER NOT NULL CHECK (dead >= 0),
    next INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    upto INTEGER NOT NULL
) STRICT;

INSERT INTO litter (one, dead, next, kept, upto) VALUES (1, 0, 0, 0, 0);

-- The ids that callers gave to events, as long as the events are kept.
CREATE TABLE event_id (
    sid INTEGER NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (sid, id)
) WITHOUT ROWID, STRICT;

-- Sessions that were purged and whose logs still take room: the newest row that is left of the tail (0 for
-- none), and the seam below which rows were dead before.
CREATE TABLE purge (
    sid INTEGER PRIMARY KEY,
    pos INTEGER NOT NULL CHECK (pos >= 0),
    folded INTEGER NOT NULL
) STRICT;

-- Processes that want to be rung, and for which sessions.
CREATE TABLE process (
    process INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 16),
    pid INTEGER NOT NULL
) STRICT;

CREATE TABLE watch (
    sid INTEGER NOT NULL,
    process INTEGER NOT NULL,
    PRIMARY KEY (sid, process)
) WITHOUT ROWID, STRICT;

CREATE INDEX watch_of ON watch (process);

CREATE TRIGGER slot_grows BEFORE UPDATE ON slot
WHEN NEW.revision < OLD.revision OR NEW.fence < OLD.fence
BEGIN SELECT RAISE(ABORT, 'a slot''s revision and fence never decrease'); END;

CREATE TRIGGER session_grows BEFORE UPDATE ON session
WHEN NEW.revision < OLD.revision OR NEW.fence < OLD.fence
BEGIN SELECT RAISE(ABORT, 'a session''s revision and fence never decrease'); END;

CREATE TRIGGER session_ends_once BEFORE UPDATE OF state ON session
WHEN OLD.state IN (4, 6, 7) AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'nothing leaves completed, cancelled and expired'); END;

CREATE TRIGGER head_grows BEFORE UPDATE ON head
WHEN NEW.seq < OLD.seq OR NEW.last_activity < OLD.last_activity
    OR NEW.folded < OLD.folded OR NEW.earliest < OLD.earliest
BEGIN SELECT RAISE(ABORT, 'a log never shrinks and activity never moves back'); END;

-- A session with everything that is kept of it, in the order in which rows are taken apart.
CREATE VIEW stored AS
SELECT
    s.sid, s.id, n.name AS namespace, s.kind, t.key, s.state, s.revision, s.fence, s.body,
    s.lease, l.fence AS lease_fence, l.renewed, l.renewed_wall, s.activity,
    h.seq, h.pos, h.depth, h.last_activity,
    s.slot, t.revision AS slot_revision, t.fence AS slot_fence,
    s.commit_id, s.commit_seq, s.commit_at, s.ns, h.folded, h.earliest, p.sid AS parent
FROM session AS s
JOIN namespace AS n ON n.ns = s.ns
JOIN head AS h ON h.sid = s.sid
LEFT JOIN lease AS l ON l.sid = s.sid
LEFT JOIN slot AS t ON t.slot = s.slot
LEFT JOIN session AS p ON p.sid = s.parent;
