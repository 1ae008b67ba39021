UPDATE pin SET boot = ?2, used = ?3, used_wall = ?4 WHERE kid = ?1
