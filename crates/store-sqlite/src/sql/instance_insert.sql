INSERT INTO instance (sid, execution, turn, history, worker, fence, wake, rescued, commit_id, placed)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, 0, ?7, ?8)
