SELECT
    (SELECT min(visible) FROM task WHERE lane = -1),
    (SELECT min(expires) FROM task WHERE lane = -3 AND expires IS NOT NULL)
