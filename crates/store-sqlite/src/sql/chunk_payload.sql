SELECT payload FROM chunk WHERE chunk = ?1
