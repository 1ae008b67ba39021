INSERT INTO task
    (sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence,
        details)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0, ?12)
