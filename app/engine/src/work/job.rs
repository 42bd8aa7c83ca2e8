//! What the pool is asked to do and what it says about it.
//!
//! In and out: plain values; nothing here acts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use interlock_plugin_api::check_info::{CheckInfo, PluginInfo};
use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::outcome::{Outcome, Role};
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;

/// Number of a job, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct JobId(pub(crate) u64);

/// Number of a library file, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LibraryId(pub(crate) u32);

/// One run of one check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) library: LibraryId,
    pub(crate) check: String,
    /// The bytes of its settings.
    pub(crate) params: Vec<u8>,
    /// The bytes of a `ProjectFacts`.
    pub(crate) facts: Vec<u8>,
    /// Cache file per table it may read.
    pub(crate) tables: Vec<(Role, PathBuf)>,
    /// The only columns it may read; empty means all.
    pub(crate) columns: Vec<String>,
    pub(crate) model: Option<ModelFile>,
    pub(crate) seed: u64,
    /// Time it may take.
    pub(crate) budget: Duration,
}

/// A model and the bytes it must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelFile {
    /// The file, or the socket of the process that serves it.
    pub(crate) path: PathBuf,
    pub(crate) fingerprint: Fingerprint,
    /// What checks call its inputs, in its order; a name stands for the model's own at that place.
    pub(crate) features: Vec<String>,
    /// Numbers it is given in place of texts, by column and text.
    pub(crate) codes: BTreeMap<String, BTreeMap<String, f64>>,
    /// Whether the class it predicts the probability of is the negative one here.
    pub(crate) is_flipped: bool,
    /// For a served model: how long it may take to answer.
    pub(crate) answer_limit: Option<Duration>,
}

/// What one worker process may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space, in bytes; mapped tables count.
    pub memory_bytes: u64,
    /// Processor time of one run, over all its threads.
    pub cpu_time: Duration,
}

/// What the pool says.
#[derive(Debug)]
pub(crate) enum WorkEvent {
    /// A library was opened, for the first time or with new bytes.
    LibraryOpened {
        library: LibraryId,
        info: PluginInfo,
        checks: Vec<CheckInfo>,
        duration: Duration,
    },
    /// A library could not be opened; an earlier version of it, if any, stays in use.
    LibraryFailed {
        library: LibraryId,
        message: String,
        help: String,
        details: Option<String>,
    },
    /// A worker took up a job.
    Started { job: JobId },
    /// How far a job is.
    Progressed {
        job: JobId,
        share: Option<f64>,
        activity: String,
    },
    /// What a job has so far.
    Partial { job: JobId, outcome: Outcome },
    /// A job ended well.
    Finished {
        job: JobId,
        outcome: Outcome,
        duration: Duration,
    },
    /// A job ended with an error of the check's own, or over its time.
    Failed { job: JobId, error: CheckError },
    /// A worker ended by itself, in a run or between runs.
    Died {
        job: Option<JobId>,
        library: LibraryId,
        sentence: String,
    },
    /// The library waits before its next start.
    Restarting {
        library: LibraryId,
        sentence: String,
    },
    /// The library answers again.
    Recovered { library: LibraryId },
    /// The library is not started again until its bytes change or the user asks.
    Quarantined {
        library: LibraryId,
        sentence: String,
    },
    /// The library's workers: process id and resident bytes.
    Workers {
        library: LibraryId,
        workers: Vec<(u32, u64)>,
    },
    /// What the library wrote to its standard output and error, or logged.
    Output {
        library: LibraryId,
        lines: Vec<String>,
    },
}
