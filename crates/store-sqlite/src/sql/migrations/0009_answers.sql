-- Requests that may be made twice: a hash of what was asked, which start of a server is at it, what its ids follow from,
-- and in the end its answer. principal is empty where nobody had to say who asks. at is when this was last written, by
-- the wall clock.
CREATE TABLE answer (
    aid INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    asked BLOB NOT NULL CHECK (length(asked) = 32),
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 16),
    seed BLOB NOT NULL CHECK (length(seed) = 16),
    at INTEGER NOT NULL,
    status INTEGER,
    content_type TEXT,
    body BLOB,
    CHECK ((status IS NULL) = (content_type IS NULL) AND (status IS NULL) = (body IS NULL))
) STRICT;

CREATE UNIQUE INDEX answer_of ON answer (namespace, principal, key);
CREATE INDEX answer_at ON answer (at);
