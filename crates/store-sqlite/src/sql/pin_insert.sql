INSERT INTO pin (ns, key, wid, worker, fence, since, boot, used, used_wall)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
