-- How many ids of events there are, but for those that a purge has still to remove.
SELECT count(*) FROM event_id WHERE sid NOT IN (SELECT sid FROM purge)
