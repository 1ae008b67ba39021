DELETE FROM fold_due WHERE sid = ?1
