DELETE FROM history WHERE pos = ?1
