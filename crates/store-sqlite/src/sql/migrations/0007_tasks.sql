-- What workers are called: keys belong to names. pins is how many, idle after how many milliseconds without use one is
-- no longer its own. Numbers begin where no lane of tasks has one.
CREATE TABLE worker_name (
    wid INTEGER PRIMARY KEY AUTOINCREMENT CHECK (wid > 1),
    id TEXT NOT NULL UNIQUE,
    pins INTEGER NOT NULL CHECK (pins >= 0),
    idle INTEGER NOT NULL CHECK (idle >= 0)
) STRICT;

INSERT INTO sqlite_sequence (name, seq) VALUES ('worker_name', 1);

-- What a worker serves, how often its loop went round, when that was last known to have grown, whether it is to let go
-- of everything, and, while it leaves, whether its keys are nobody's then.
ALTER TABLE worker ADD COLUMN wid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN serving BLOB;
ALTER TABLE worker ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN progressed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1));
ALTER TABLE worker ADD COLUMN unpins INTEGER NOT NULL DEFAULT 0 CHECK (unpins IN (0, 1));

INSERT INTO worker_name (id, pins, idle) SELECT DISTINCT id, 0, 300000 FROM worker;
UPDATE worker SET wid = (SELECT n.wid FROM worker_name AS n WHERE n.id = worker.id), progressed = renewed_wall;

-- Keys that somebody holds, or of which tasks wait. wid is the name that holds it, worker the start of it that got it,
-- under this fence, since when. used is when an activity of it was last known to begin or end, by the boot-time clock of
-- that boot.
CREATE TABLE pin (
    kid INTEGER PRIMARY KEY,
    ns INTEGER NOT NULL,
    key TEXT NOT NULL,
    wid INTEGER,
    worker INTEGER NOT NULL,
    fence INTEGER NOT NULL CHECK (fence >= 0),
    since INTEGER NOT NULL,
    boot BLOB NOT NULL CHECK (length(boot) = 16),
    used INTEGER NOT NULL,
    used_wall INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX pin_named ON pin (ns, key);
CREATE INDEX pin_of ON pin (wid, used) WHERE wid IS NOT NULL;

-- A key that comes back has a higher fence than any key that was removed.
CREATE TABLE pin_floor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    fence INTEGER NOT NULL
) STRICT;

INSERT INTO pin_floor (one, fence) VALUES (1, 0);

-- Where tasks wait. The default queue is 0.
CREATE TABLE queue (
    queue INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Activities that somebody else is to run than who holds their instance. history is the row that says what they are.
-- lane is where it waits: 0 for whoever asks, 1 for who gets its key, the number of the name that holds its key; else it
-- is hidden until visible (-1), behind another one of its key (-2), under way (-3), or cannot be read (-4). waits is
-- since when, by the boot-time clock. worker runs it, or did, before it was lost; expires is when it is lost though that
-- worker lives, by the boot-time clock, ttl for how long each time. lacks are workers without its code.
CREATE TABLE task (
    tid INTEGER PRIMARY KEY AUTOINCREMENT,
    sid INTEGER NOT NULL,
    execution INTEGER NOT NULL CHECK (execution > 0),
    op INTEGER NOT NULL,
    history INTEGER NOT NULL,
    kid INTEGER,
    exclusive INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
    queue INTEGER NOT NULL,
    lane INTEGER NOT NULL CHECK (lane >= -4),
    visible INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    rescues INTEGER NOT NULL CHECK (rescues >= 0),
    fence INTEGER NOT NULL CHECK (fence >= 0),
    worker INTEGER,
    lost INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)),
    expires INTEGER,
    ttl INTEGER,
    lacks BLOB,
    details BLOB
) STRICT;

CREATE INDEX task_waiting ON task (lane, queue, tid) WHERE lane >= 0;
CREATE INDEX task_hidden ON task (visible) WHERE lane = -1;
CREATE INDEX task_run ON task (worker) WHERE worker IS NOT NULL;
CREATE INDEX task_expiring ON task (expires) WHERE lane = -3 AND expires IS NOT NULL;
CREATE INDEX task_of_key ON task (kid, lane, tid) WHERE kid IS NOT NULL;
CREATE INDEX task_alone ON task (kid) WHERE exclusive = 1;
CREATE INDEX task_for ON task (sid);

-- Where the activities went that the last commit of an instance asked for, so that it can be told again.
ALTER TABLE instance ADD COLUMN placed BLOB;

-- What workers are told: a key is lost (ns and key), or an attempt is no longer wanted (task).
CREATE TABLE notice (
    nid INTEGER PRIMARY KEY AUTOINCREMENT,
    worker INTEGER NOT NULL,
    ns INTEGER,
    key TEXT,
    task INTEGER,
    fence INTEGER NOT NULL,
    CHECK ((ns IS NULL) = (key IS NULL) AND (key IS NULL) <> (task IS NULL))
) STRICT;

CREATE INDEX notice_for ON notice (worker, nid);
