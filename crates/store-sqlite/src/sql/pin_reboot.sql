-- All come before the beginning of this boot, in the order in which they were.
UPDATE pin SET boot = ?1, used = used - 1 - (SELECT max(used) FROM pin WHERE boot <> ?1) WHERE boot <> ?1
