-- Given back, or lost. What is lost keeps its time: it may turn out not to be.
UPDATE task SET lane = ?2, visible = ?3, waits = ?4, attempt = ?5, rescues = ?6, worker = ?7, lost = ?8, lacks = ?9,
    expires = CASE WHEN ?8 THEN expires END, ttl = CASE WHEN ?8 THEN ttl END
WHERE tid = ?1
