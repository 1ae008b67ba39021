-- Whether a task that is behind others still has to wait: for any of its key (?3), or for those that run alone.
SELECT 1 FROM task WHERE kid = ?1 AND tid <> ?2 AND lane <> -2
    AND (lane = -3 OR tid < ?2) AND (?3 OR exclusive) LIMIT 1
