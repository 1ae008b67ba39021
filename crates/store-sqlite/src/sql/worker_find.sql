SELECT worker, token, lease, renewed, renewed_wall, swept IS NOT NULL, leaving IS NOT NULL, wid, serving, progress,
    progressed, draining FROM worker
WHERE worker = ?1 AND leaving IS NULL
