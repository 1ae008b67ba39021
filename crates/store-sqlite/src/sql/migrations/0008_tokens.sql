-- Whom secrets stand for. Of a secret there is its SHA-256 alone: the present one, and the one before until when it is
-- good. Times are the wall clock's. Never deleted.
CREATE TABLE token (
    tid INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    namespace TEXT NOT NULL,
    principal TEXT NOT NULL,
    role INTEGER NOT NULL,
    note TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    used INTEGER,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    previous BLOB CHECK (length(previous) = 32),
    previous_until INTEGER,
    CHECK ((previous IS NULL) = (previous_until IS NULL))
) STRICT;

CREATE UNIQUE INDEX token_hash ON token (hash);
CREATE UNIQUE INDEX token_previous ON token (previous) WHERE previous IS NOT NULL;
CREATE INDEX token_of ON token (namespace, tid);
