SELECT min(wake) FROM instance WHERE worker IS NULL AND wake IS NOT NULL
