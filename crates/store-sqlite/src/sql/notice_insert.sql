INSERT INTO notice (worker, ns, key, task, fence) VALUES (?1, ?2, ?3, ?4, ?5)
