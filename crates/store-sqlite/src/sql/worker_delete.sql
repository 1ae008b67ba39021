DELETE FROM worker WHERE worker = ?1
