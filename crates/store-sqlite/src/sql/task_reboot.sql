UPDATE task SET waits = 0, expires = ttl
