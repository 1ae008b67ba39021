SELECT process FROM process WHERE token = ?1
