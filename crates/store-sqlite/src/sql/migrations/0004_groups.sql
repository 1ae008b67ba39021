-- Groups of sessions that are at work in turn. room is how many at once, NULL for any number; ticket is the last
-- one that was given to who waits. Never deleted.
CREATE TABLE session_group (
    grp INTEGER PRIMARY KEY AUTOINCREMENT,
    ns INTEGER NOT NULL,
    name TEXT NOT NULL,
    room INTEGER CHECK (room > 0),
    ticket INTEGER NOT NULL CHECK (ticket >= 0)
) STRICT;

CREATE UNIQUE INDEX session_group_named ON session_group (ns, name);

-- The held sessions of a group that are at work, or wait with a ticket. Whether their holders are there is judged
-- when it matters.
CREATE TABLE group_member (
    sid INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL,
    ticket INTEGER
) STRICT;

CREATE INDEX group_member_of ON group_member (grp, ticket, sid);
