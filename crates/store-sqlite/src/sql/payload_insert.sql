INSERT INTO payload (name, staged_at) VALUES (?1, ?2)
