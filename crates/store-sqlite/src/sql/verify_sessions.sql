SELECT * FROM stored
