-- The last run of every check, for people; made in files of before as well.
CREATE VIEW IF NOT EXISTS latest AS
SELECT
    runs.check_id,
    runs.standing,
    results.summary,
    runs.headline,
    datetime(runs.at / 1000, 'unixepoch') AS finished_at  -- UTC
FROM runs
LEFT JOIN results ON results.key = runs.key
WHERE runs.id IN (SELECT max(id) FROM runs GROUP BY check_id)
ORDER BY runs.check_id;
