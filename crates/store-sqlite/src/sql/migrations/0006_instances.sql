-- Workers and the lease that each of them has on everything it holds. token is the opening of the store that it runs
-- in, where a lock file says whether that is still there. leaving: it is known no more, because it was retired (1), or
-- because it is gone or was replaced (2). swept: what it holds is being let go, up to this instance.
CREATE TABLE worker (
    worker INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    token BLOB CHECK (token IS NULL OR length(token) = 16),
    lease BLOB NOT NULL,
    renewed INTEGER NOT NULL,
    renewed_wall INTEGER NOT NULL,
    leaving INTEGER CHECK (leaving IN (1, 2)),
    swept INTEGER CHECK (swept IS NOT NULL OR leaving IS NULL)
) STRICT;

CREATE UNIQUE INDEX worker_named ON worker (id) WHERE leaving IS NULL;

-- Instances of orchestrations that have not ended. turn is how many turns were kept, history the newest row of the
-- history, worker who holds it, under this fence. Without one: when somebody has to look after it, in milliseconds (0
-- for at once), and whether it was taken from a worker that is gone.
CREATE TABLE instance (
    sid INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL CHECK (execution > 0),
    turn INTEGER NOT NULL CHECK (turn > 0),
    history INTEGER NOT NULL,
    worker INTEGER,
    fence INTEGER NOT NULL CHECK (fence >= 0),
    wake INTEGER,
    rescued INTEGER NOT NULL CHECK (rescued IN (0, 1)),
    commit_id BLOB NOT NULL CHECK (length(commit_id) = 16)
) STRICT;

-- Only of those that nobody holds: turns never touch it.
CREATE INDEX instance_free ON instance (wake) WHERE worker IS NULL AND wake IS NOT NULL;

-- What each commit added to the history of its instance, in arrival order over all of them. prev is the earlier row of
-- the same instance, 0 for none.
CREATE TABLE history (
    pos INTEGER PRIMARY KEY,
    sid INTEGER NOT NULL,
    execution INTEGER NOT NULL CHECK (execution > 0),
    prev INTEGER NOT NULL CHECK (prev < pos),
    payload BLOB NOT NULL
) STRICT;

-- What waits for instances. AUTOINCREMENT, because whoever reads on after one must not miss another.
CREATE TABLE message (
    mid INTEGER PRIMARY KEY AUTOINCREMENT,
    sid INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;

CREATE INDEX message_for ON message (sid);

-- The newest row of the history of an instance that has ended.
ALTER TABLE session ADD COLUMN history INTEGER CHECK (history IS NULL OR state > 3);

-- The newest row that is left of a purged history, 0 for none.
ALTER TABLE purge ADD COLUMN history INTEGER NOT NULL DEFAULT 0;

-- The statements that write say these rules a second time themselves: a trigger makes each of them a program with a
-- journal of its own, which costs more than the write.
DROP TRIGGER session_grows;
DROP TRIGGER session_ends_once;
DROP TRIGGER head_grows;

-- An instance has no lease of its own: its worker's is.
DROP VIEW stored;

CREATE VIEW stored AS
SELECT
    s.sid, s.id, n.name AS namespace, s.kind, t.key, s.state, s.revision, s.fence, s.body,
    coalesce(s.lease, w.lease) AS lease, coalesce(l.fence, i.fence) AS lease_fence,
    coalesce(l.renewed, w.renewed) AS renewed, coalesce(l.renewed_wall, w.renewed_wall) AS renewed_wall, s.activity,
    h.seq, h.pos, h.depth, h.last_activity,
    s.slot, t.revision AS slot_revision, t.fence AS slot_fence,
    s.commit_id, s.commit_seq, s.commit_at, s.ns, h.folded, h.earliest, p.sid AS parent
FROM session AS s
JOIN namespace AS n ON n.ns = s.ns
JOIN head AS h ON h.sid = s.sid
LEFT JOIN lease AS l ON l.sid = s.sid
LEFT JOIN slot AS t ON t.slot = s.slot
LEFT JOIN session AS p ON p.sid = s.parent
LEFT JOIN instance AS i ON i.sid = s.sid
LEFT JOIN worker AS w ON w.worker = i.worker AND w.swept IS NULL;
