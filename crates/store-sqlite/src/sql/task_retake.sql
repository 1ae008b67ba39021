-- It was taken for lost, and is not.
UPDATE task SET lane = -3, lost = 0 WHERE tid = ?1 AND lost = 1
