-- What tells whether there may be something for workers.
SELECT
    coalesce((SELECT sum(seq) FROM sqlite_sequence WHERE name IN ('message', 'task', 'notice')), 0),
    coalesce((SELECT min(wake) FROM instance WHERE worker IS NULL AND wake IS NOT NULL), 0),
    (SELECT count(*) FROM (SELECT 1 FROM instance WHERE worker IS NULL AND wake IS NOT NULL LIMIT 1000))
        + (SELECT count(*) FROM (SELECT 1 FROM task WHERE lane >= 0 LIMIT 1000))
