//! Everything that can wake the engine, and everything it can set going.
//!
//! An event is a fact about the past and may be out of date when it arrives; a command is carried
//! out by the loop's shell, which knows threads and processes.

use std::path::PathBuf;

use interlock_plugin_api::outcome::Role;

use crate::load::{LoadSpec, Loaded};
use crate::model_input::{ModelPlan, Prepared};
use crate::picture::Request;
use crate::profiles::{ProfilePlan, Profiled};
use crate::work::{Job, JobId, LibraryId, WorkEvent};

/// Everything that can wake the engine.
#[derive(Debug)]
pub(crate) enum Event {
    /// Watched files settled after a change; paths are absolute and without duplicates.
    FilesChanged {
        /// Which.
        paths: Vec<PathBuf>,
    },
    /// Watching goes on by other means, or something about it must be told.
    WatchTold {
        /// One sentence.
        text: String,
        /// `inotify`, `polling every 500 ms`…; `None` if that did not change.
        watcher: Option<String>,
    },
    /// Reading a table ended, well or not.
    TableLoaded {
        /// Which table.
        role: Role,
        /// The load it answers; an older one is ignored.
        generation: u64,
        /// The table and what is wrong with it.
        loaded: Loaded,
    },
    /// Opening or training the model ended, well or not.
    ModelPrepared {
        /// The preparation it answers; an older one is ignored.
        generation: u64,
        /// What it came to.
        prepared: Prepared,
    },
    /// The process that served the model has ended by itself.
    ModelEnded {
        /// The preparation that started it; an older one is ignored.
        generation: u64,
        /// What it said last; empty if nothing.
        last_words: String,
    },
    /// Columns that were asked about have been looked at.
    Profiled(Profiled),
    /// A worker reports.
    Work(WorkEvent),
    /// A reader asks.
    Requested(Request),
    /// A deadline asked for has passed.
    DeadlineReached,
}

/// Everything the engine can set going.
#[derive(Debug)]
pub(crate) enum Command {
    /// Read a table.
    Load {
        /// Which table.
        role: Role,
        /// Comes back with the answer.
        generation: u64,
        /// How.
        spec: LoadSpec,
    },
    /// Open or train the model.
    PrepareModel {
        /// Comes back with the answer.
        generation: u64,
        /// How.
        plan: ModelPlan,
    },
    /// Look at columns.
    Profile(ProfilePlan),
    /// Stop a training that is out of date.
    AbandonModel,
    /// Open a plugin library, or a new version of it.
    OpenLibrary {
        /// Its number.
        library: LibraryId,
        /// Its file.
        path: PathBuf,
    },
    /// Forget a plugin library.
    CloseLibrary {
        /// Its number.
        library: LibraryId,
    },
    /// Run a check.
    StartJob(Box<Job>),
    /// Stop a run at once.
    CancelJob(JobId),
    /// Read the project file again and watch what it names.
    Rewatch,
}
