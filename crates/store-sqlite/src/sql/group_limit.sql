UPDATE session_group SET room = ?2 WHERE grp = ?1
