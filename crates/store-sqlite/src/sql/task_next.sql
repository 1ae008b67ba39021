SELECT min(visible) FROM task WHERE lane = -1
