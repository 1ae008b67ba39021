SELECT created_min, created_max, started_min, started_max FROM zone WHERE block = ?1
