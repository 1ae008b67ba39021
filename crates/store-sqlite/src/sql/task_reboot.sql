-- Those that wait have waited since this boot began; an attempt's own time counts from that, or from when it is now.
UPDATE task SET waits = 0, expires = ttl + ?1 WHERE waits <> 0 OR expires IS NOT ttl + ?1
