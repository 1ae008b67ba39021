UPDATE session_group SET ticket = ?2 WHERE grp = ?1
