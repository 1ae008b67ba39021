SELECT worker, token, lease, renewed, renewed_wall, swept IS NOT NULL, leaving IS NOT NULL FROM worker ORDER BY worker
