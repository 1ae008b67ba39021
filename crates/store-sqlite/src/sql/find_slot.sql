-- At most one session of a slot is open, and a new one opens only when none is: the open one is the newest.
SELECT slot, revision, fence, newest FROM slot
WHERE ns = (SELECT ns FROM namespace WHERE name = ?1) AND key = ?2 AND kind = ?3
