SELECT i.execution, i.turn, i.history, i.worker, i.fence, i.commit_id,
    EXISTS (SELECT 1 FROM message AS m WHERE m.sid = i.sid), EXISTS (SELECT 1 FROM task AS t WHERE t.sid = i.sid)
FROM instance AS i WHERE i.sid = ?1
