SELECT tid FROM task WHERE sid = ?1 AND execution = ?2 AND op = ?3
