DELETE FROM notice WHERE worker = ?1 AND nid <= ?2
