SELECT process, token, pid FROM process ORDER BY process
