-- The boot of whose clock the times are that tasks and pins have. Without a row nobody knows.
CREATE TABLE boot (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;
