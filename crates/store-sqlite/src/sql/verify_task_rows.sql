-- What tasks are, row by row of the histories.
SELECT t.tid, t.op, t.history, h.payload FROM task AS t JOIN history AS h ON h.pos = t.history ORDER BY t.history, t.tid
