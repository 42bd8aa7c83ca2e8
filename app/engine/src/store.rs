//! Results across sessions: what was computed is not computed again, and history is kept.
//!
//! In: finished results. Out: results by key, history by check.
//!
//! One SQLite file, `.interlock/results.sqlite`, that any SQLite tool can read; `store/schema.sql`
//! says what stands in it. Every result is one transaction: after `put` returned, no crash of this
//! program loses it, and a crash during `put` leaves the store as it was before. One program writes
//! (the one that holds `results.lock`); a second one on the same project reads along and keeps its own
//! results in memory.

mod database;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::outcome::Outcome;

use crate::fingerprint::Fingerprint;
use crate::picture::{HistoryPoint, Standing};
use database::Database;

/// Name of the database file in the state folder.
pub const FILE_NAME: &str = "results.sqlite";

/// Results kept besides the runs of the history; the oldest go first.
pub const MAX_RESULTS: usize = 5_000;

/// Why a result could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What SQLite said.
    #[error("{FILE_NAME}: {0}")]
    Database(#[from] rusqlite::Error),
    /// The outcome does not encode.
    #[error("the outcome cannot be encoded: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The outcome does not decode.
    #[error("a stored outcome cannot be read: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

/// A result as it came out of a run.
#[derive(Debug, Clone)]
pub struct StoredResult {
    /// Hash of everything the result depends on.
    pub key: Fingerprint,
    /// Id of the check.
    pub check: String,
    /// Id of its plugin.
    pub plugin: String,
    /// Version of its plugin.
    pub plugin_version: String,
    /// How the check stood with it.
    pub standing: Standing,
    /// Value of the first metric.
    pub headline: Option<f64>,
    /// What the check said.
    pub outcome: Arc<Outcome>,
    /// Everything it depends on: name, content, rows if it is a table.
    pub inputs: Vec<(String, Fingerprint, Option<u64>)>,
    /// When the run ended.
    pub finished_at: SystemTime,
    /// How long the run took.
    pub duration: Duration,
    /// The project's seed.
    pub seed: u64,
}

/// A result found again.
#[derive(Debug, Clone)]
pub struct Known {
    /// What the check said.
    pub outcome: Arc<Outcome>,
    /// When the run ended.
    pub finished_at: SystemTime,
    /// How long the run took.
    pub duration: Duration,
}

/// The store of one project.
#[derive(Debug)]
pub struct Store {
    database: Option<Database>,
    /// Held for as long as this program writes.
    lock_held: Option<File>,
    read_only: Option<String>,
    notices: RefCell<Vec<String>>,
    own: BTreeMap<Fingerprint, Known>,
    own_history: BTreeMap<String, Vec<HistoryPoint>>,
}

impl Store {
    /// Opens the store in a state folder. Never fails: what cannot be kept on disk is kept in memory,
    /// and [`Store::notices`] says so.
    pub fn open(folder: &Path) -> Self {
        let mut store = Self {
            database: None,
            lock_held: None,
            read_only: None,
            notices: RefCell::default(),
            own: BTreeMap::new(),
            own_history: BTreeMap::new(),
        };
        match lock(folder) {
            Ok(Some(lock)) => {
                store.lock_held = Some(lock);
                store.open_to_write(&folder.join(FILE_NAME));
            }
            Ok(None) => {
                store.read_only = Some(
                    "another Interlock watches this project and keeps its results; this one reads along".to_owned(),
                );
                store.database = Database::open_to_read(&folder.join(FILE_NAME)).ok();
            }
            Err(error) => store.keep_in_memory(&format!("{}: {error}", folder.display())),
        }
        store
    }

    /// Why this program does not write to the store, if it does not.
    pub fn read_only_reason(&self) -> Option<String> {
        self.read_only.clone()
    }

    /// What was odd about the store; each once.
    pub fn notices(&self) -> Vec<String> {
        self.notices.take()
    }

    /// The result of this key, if it was ever computed.
    pub fn find(&self, key: &Fingerprint) -> Option<Known> {
        if let Some(known) = self.own.get(key) {
            return Some(known.clone());
        }
        self.database
            .as_ref()
            .and_then(|database| self.or_note(database.find(key)).flatten())
    }

    /// Keeps a result.
    ///
    /// # Errors
    /// If it cannot be written; it is kept in memory then.
    pub fn put(&mut self, result: &StoredResult) -> Result<(), StoreError> {
        if self.read_only.is_none()
            && let Some(database) = &mut self.database
        {
            match database.put(result) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    self.keep(result);
                    return Err(error);
                }
            }
        }
        self.keep(result);
        Ok(())
    }

    /// The last results of a check, oldest first.
    pub fn history(&self, check: &str, limit: usize) -> Vec<HistoryPoint> {
        let stored = self
            .database
            .as_ref()
            .and_then(|database| self.or_note(database.history(check, limit)));
        let mut points = stored.unwrap_or_default();
        points.extend(self.own_history.get(check).into_iter().flatten().cloned());
        let excess = points.len().saturating_sub(limit);
        points.drain(..excess);
        points
    }

    fn open_to_write(&mut self, path: &Path) {
        match Database::open_to_write(path) {
            Ok(database) => self.database = Some(database),
            Err(database::OpenError::Newer(version)) => {
                self.keep_in_memory(&format!(
                    "{} was written by a newer Interlock (version {version} of its schema)",
                    path.display()
                ));
            }
            Err(database::OpenError::Damaged(why)) => match set_aside(path) {
                Ok(aside) => {
                    let text = format!(
                        "{} is damaged ({why}); it was set aside as {} and a new one begun",
                        path.display(),
                        aside.display()
                    );
                    self.notices.get_mut().push(text);
                    match Database::open_to_write(path) {
                        Ok(database) => self.database = Some(database),
                        Err(error) => self.keep_in_memory(&error.to_string()),
                    }
                }
                Err(error) => self.keep_in_memory(&format!(
                    "{} is damaged and cannot be moved: {error}",
                    path.display()
                )),
            },
            Err(database::OpenError::Unusable(why)) => self.keep_in_memory(&why),
        }
    }

    fn keep_in_memory(&mut self, why: &str) {
        self.notices
            .get_mut()
            .push(format!("{why}; results are kept in memory only"));
        self.read_only = Some("results are kept in memory only".to_owned());
    }

    fn keep(&mut self, result: &StoredResult) {
        let known = Known {
            outcome: Arc::clone(&result.outcome),
            finished_at: result.finished_at,
            duration: result.duration,
        };
        self.own.insert(result.key, known);
        let point = HistoryPoint {
            at: result.finished_at,
            standing: result.standing,
            value: result.headline,
        };
        self.own_history
            .entry(result.check.clone())
            .or_default()
            .push(point);
    }

    fn or_note<T>(&self, found: Result<T, StoreError>) -> Option<T> {
        found
            .inspect_err(|error| self.notices.borrow_mut().push(error.to_string()))
            .ok()
    }
}

/// `None` if another program holds it.
fn lock(folder: &Path) -> std::io::Result<Option<File>> {
    std::fs::create_dir_all(folder)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(folder.join("results.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Renames a damaged database and what belongs to it.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let aside = (1_u32..10_000)
        .map(|number| path.with_extension(format!("sqlite.broken-{number}")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| path.with_extension("sqlite.broken"));
    std::fs::rename(path, &aside)?;
    for suffix in ["-wal", "-shm"] {
        let part = path.with_extension(format!("sqlite{suffix}"));
        if part.exists() {
            std::fs::rename(&part, format!("{}{suffix}", aside.display()))?;
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests;
