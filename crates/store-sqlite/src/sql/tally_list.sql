SELECT hour, kind, state, count, into_hour, lasted FROM tally WHERE ns = ?1 AND count > 0 ORDER BY hour, kind, state
