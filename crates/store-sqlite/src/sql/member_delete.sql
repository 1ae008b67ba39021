DELETE FROM group_member WHERE sid = ?1
