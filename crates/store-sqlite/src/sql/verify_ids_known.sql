-- How many ids of events there are, but for those that a purge has still to remove and those that are to arrive.
SELECT count(*) FROM event_id WHERE sid NOT IN (SELECT sid FROM purge) AND sid NOT IN (SELECT sid FROM arrival)
