UPDATE pin SET wid = ?2, worker = ?3, fence = ?4, since = ?5, boot = ?6, used = ?7, used_wall = ?8
WHERE kid = ?1 AND fence <= ?4
