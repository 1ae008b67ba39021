-- Empties a lane a part at a time.
UPDATE task SET lane = 1 WHERE tid IN (SELECT tid FROM task WHERE lane = ?1 AND lane >= 0 LIMIT ?2)
