SELECT pos, sid, execution, prev, payload FROM history ORDER BY pos
