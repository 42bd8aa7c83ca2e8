-- Results of checks. Times are milliseconds since 1970-01-01T00:00:00Z.

-- What a check said about one state of its inputs.
CREATE TABLE results (
    key            TEXT PRIMARY KEY,  -- hash of everything the result depends on, hexadecimal
    check_id       TEXT NOT NULL,
    plugin         TEXT NOT NULL,
    plugin_version TEXT NOT NULL,
    standing       TEXT NOT NULL,     -- pass, warn, fail, inconclusive
    summary        TEXT NOT NULL,
    headline       REAL,              -- value of the first metric
    finished_at    INTEGER NOT NULL,
    duration_us    INTEGER NOT NULL,
    seed           INTEGER NOT NULL,
    outcome        BLOB NOT NULL      -- MessagePack with named fields
) STRICT;
CREATE INDEX results_by_age ON results (finished_at);

-- What each result depends on.
CREATE TABLE result_inputs (
    key         TEXT NOT NULL REFERENCES results (key) ON DELETE CASCADE,
    name        TEXT NOT NULL,        -- train.age, model, settings, plugin …
    fingerprint TEXT NOT NULL,
    n_rows      INTEGER,              -- for tables
    PRIMARY KEY (key, name)
) STRICT, WITHOUT ROWID;

-- Every run that ended with an outcome, in order.
CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    check_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    standing TEXT NOT NULL,
    headline REAL
) STRICT;
CREATE INDEX runs_by_check ON runs (check_id, id);

-- The metrics of each result, for queries over time.
CREATE TABLE metrics (
    key    TEXT NOT NULL REFERENCES results (key) ON DELETE CASCADE,
    id     TEXT NOT NULL,
    col    TEXT NOT NULL,             -- column the value is of; empty for the whole table
    grp    TEXT NOT NULL,             -- group the value is of; empty for all rows
    value  REAL,
    low    REAL,                      -- interval, where the check gives one
    high   REAL,
    n      INTEGER
) STRICT;
CREATE INDEX metrics_by_result ON metrics (key);
