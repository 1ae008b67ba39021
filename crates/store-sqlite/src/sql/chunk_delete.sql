DELETE FROM chunk WHERE chunk = ?1
