INSERT INTO session (sid, ns, id, kind, slot, state, revision, fence, due_at, commit_id, commit_seq, commit_at, lease, activity, body, parent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, ?13, ?14,
    (SELECT sid FROM session WHERE ns = ?2 AND id = ?15))
