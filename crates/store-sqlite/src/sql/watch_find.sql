SELECT process FROM watch WHERE sid = ?1
