UPDATE instance SET execution = ?2, turn = ?3, history = ?4, wake = ?5, commit_id = ?6, placed = ?9
WHERE sid = ?1 AND fence = ?7 AND turn = ?3 - 1 AND worker = ?8
