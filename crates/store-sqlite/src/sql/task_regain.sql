-- What was taken for lost with a worker that is there after all, and that nobody has since.
UPDATE task SET lane = -3, lost = 0 WHERE worker = ?1 AND lost = 1 AND (expires IS NULL OR expires > ?2)
