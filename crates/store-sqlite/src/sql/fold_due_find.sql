SELECT sid FROM fold_due LIMIT 1
