//! The SQLite file behind the store.
//!
//! In: results. Out: the same results, to the bit.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interlock_plugin_api::outcome::Outcome;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};

use super::{Known, MAX_RESULTS, StoreError, StoredResult};
use crate::fingerprint::Fingerprint;
use crate::picture::{HistoryPoint, Standing};

const SCHEMA: &str = include_str!("schema.sql");

/// A view for people; nothing here reads it, so it is no part of the version.
const LATEST: &str = include_str!("latest.sql");

/// Version of the schema; grows with every change to it.
const VERSION: i64 = 1;

/// Runs kept of every check.
const MAX_RUNS: i64 = 100_000;

#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    n_puts: u32,
}

/// Why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("schema version {0} is newer than this program")]
    Newer(i64),
    #[error("{0}")]
    Damaged(String),
    #[error("{0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Unusable(error.to_string()),
        }
    }
}

impl Database {
    pub(super) fn open_to_write(path: &Path) -> Result<Self, OpenError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        // Write-ahead log: readers of other programs do not block us, and a transaction is whole or
        // absent after a crash. With `NORMAL` only a loss of power can cost the last results.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            return Err(OpenError::Damaged(check));
        }
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                let transaction = connection.transaction()?;
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
                transaction.commit()?;
            }
            VERSION => {}
            newer => return Err(OpenError::Newer(newer)),
        }
        connection.execute_batch(LATEST)?;
        Ok(Self {
            connection,
            n_puts: 0,
        })
    }

    pub(super) fn open_to_read(path: &Path) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        Ok(Self {
            connection,
            n_puts: 0,
        })
    }

    pub(super) fn find(&self, key: &Fingerprint) -> Result<Option<Known>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT outcome, finished_at, duration_us FROM results WHERE key = ?1",
        )?;
        let row = statement
            .query_row([key.to_hex()], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })
            .optional()?;
        let Some((outcome, finished_at, duration)) = row else {
            return Ok(None);
        };
        let outcome: Outcome = rmp_serde::from_slice(&outcome)?;
        Ok(Some(Known {
            outcome: Arc::new(outcome),
            finished_at: time(finished_at),
            duration: Duration::from_micros(duration.try_into().unwrap_or(0)),
        }))
    }

    pub(super) fn put(&mut self, result: &StoredResult) -> Result<(), StoreError> {
        let outcome = rmp_serde::to_vec_named(&*result.outcome)?;
        let key = result.key.to_hex();
        let at = millis(result.finished_at);
        let standing = name(result.standing);
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                key,
                result.check,
                result.plugin,
                result.plugin_version,
                standing,
                result.outcome.summary,
                result.headline,
                at,
                i64::try_from(result.duration.as_micros()).unwrap_or(i64::MAX),
                result.seed.cast_signed(),
                outcome,
            ])?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO result_inputs VALUES (?1, ?2, ?3, ?4)")?;
            for (name, fingerprint, n_rows) in &result.inputs {
                let n_rows = n_rows.map(|n_rows| i64::try_from(n_rows).unwrap_or(i64::MAX));
                insert.execute(params![key, name, fingerprint.to_hex(), n_rows])?;
            }
            let mut insert = transaction
                .prepare_cached("INSERT INTO metrics VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for metric in &result.outcome.metrics {
                let (low, high) = metric.interval.as_ref().map_or((None, None), |interval| {
                    (Some(interval.low), Some(interval.high))
                });
                let n = i64::try_from(metric.n).unwrap_or(i64::MAX);
                let (column, group) = (metric.column.as_deref(), metric.group.as_deref());
                insert.execute(params![
                    key,
                    metric.id,
                    column.unwrap_or_default(),
                    group.unwrap_or_default(),
                    metric.value,
                    low,
                    high,
                    n
                ])?;
            }
        }
        transaction
            .prepare_cached("INSERT INTO runs (key, check_id, at, standing, headline) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![key, result.check, at, standing, result.headline])?;
        transaction.commit()?;
        self.n_puts += 1;
        if self.n_puts % 64 == 1 {
            self.forget_old()?;
        }
        Ok(())
    }

    pub(super) fn history(
        &self,
        check: &str,
        limit: usize,
    ) -> Result<Vec<HistoryPoint>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, standing, headline FROM runs WHERE check_id = ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![check, limit], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<f64>>(2)?,
            ))
        })?;
        let mut points = Vec::new();
        for row in rows {
            let (at, standing, value) = row?;
            if let Some(standing) = standing_of(&standing) {
                points.push(HistoryPoint {
                    at: time(at),
                    standing,
                    value,
                });
            }
        }
        points.reverse();
        Ok(points)
    }

    fn forget_old(&self) -> Result<(), StoreError> {
        let keep = i64::try_from(MAX_RESULTS).unwrap_or(i64::MAX);
        self.connection.execute(
            "DELETE FROM results WHERE key IN (SELECT key FROM results ORDER BY finished_at DESC LIMIT -1 OFFSET ?1)",
            [keep],
        )?;
        self.connection.execute(
            "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1",
            [MAX_RUNS],
        )?;
        Ok(())
    }
}

fn millis(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap_or(0))
}

fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Skipped => "skipped",
        Standing::Pass => "pass",
        Standing::Pending => "pending",
        Standing::Warn => "warn",
        Standing::Inconclusive => "inconclusive",
        Standing::Stale => "stale",
        Standing::Error => "error",
        Standing::Fail => "fail",
    }
}

fn standing_of(text: &str) -> Option<Standing> {
    let all = [
        Standing::Skipped,
        Standing::Pass,
        Standing::Pending,
        Standing::Warn,
        Standing::Inconclusive,
        Standing::Stale,
        Standing::Error,
        Standing::Fail,
    ];
    all.into_iter().find(|standing| name(*standing) == text)
}
