-- No index leads to positions: this is for events that cannot be read to learn their ids.
UPDATE event_id SET sid = ?2 WHERE sid = ?1 AND seq BETWEEN ?3 AND ?4
