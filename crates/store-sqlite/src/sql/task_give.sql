UPDATE task SET lane = -3, worker = ?2, fence = fence + 1, attempt = attempt + lost, rescues = rescues + lost,
    lost = 0, expires = ?3, ttl = ?4
WHERE tid = ?1 AND lane >= 0
