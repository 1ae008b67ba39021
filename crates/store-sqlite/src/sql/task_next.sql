SELECT min(visible) FROM task WHERE lane = -1 AND visible > ?1
