//! What the reader sees: one immutable picture of everything the engine knows.
//!
//! In: the engine's state, copied behind `Arc`s whenever it changed. Out: [`Picture`], read by the
//! screen, by `--plain`, by reports and by metrics. Drawing from a picture needs no lock, and a
//! frozen screen is a kept picture.
//!
//! Nothing here computes; the engine fills it in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::check_info::{CheckInfo, PluginInfo, Stage};
use interlock_plugin_api::outcome::{Outcome, Role, Verdict};

use crate::model_card::ModelCard;
use crate::problem::Problem;
use crate::profile::Profiles;
use crate::table::TableView;

/// Everything the engine knows at one moment.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Grows with every change; equal numbers mean equal pictures.
    pub revision: u64,
    /// The project.
    pub project: ProjectState,
    /// The checks, in pipeline order, then by id.
    pub checks: Vec<Arc<CheckState>>,
    /// The plugin libraries, by id.
    pub plugins: Vec<Arc<PluginState>>,
    /// What happened, oldest first; bounded, see [`Picture::LOG_LIMIT`].
    pub log: Vec<Arc<LogEntry>>,
    /// What the engine is doing.
    pub activity: Activity,
    /// What is known of columns that a reader asked about.
    pub profiles: Arc<Profiles>,
}

impl Picture {
    /// How many log entries a picture keeps.
    pub const LOG_LIMIT: usize = 500;

    /// Whether everything has come to rest: nothing loads, opens, waits or runs.
    pub fn is_settled(&self) -> bool {
        let is_opening = self
            .plugins
            .iter()
            .any(|plugin| plugin.health == PluginHealth::Opening);
        let activity = &self.activity;
        !is_opening
            && activity.loading.is_empty()
            && activity.n_running == 0
            && activity.n_queued == 0
    }

    /// The worst state of the checks of a stage, worst first in the order of [`Standing`];
    /// `None` if the stage has no check.
    pub fn stage(&self, stage: Stage) -> Option<Standing> {
        self.checks
            .iter()
            .filter(|check| check.info.stage == stage)
            .map(|check| check.standing)
            .max()
    }
}

/// The project as it was last read.
#[derive(Debug, Clone)]
pub struct ProjectState {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
    /// Tables and model, in the order train, test, current, model.
    pub inputs: Vec<InputState>,
    /// What is wrong with the project file or its inputs.
    pub problems: Vec<Problem>,
    /// `Some` if the project file is broken and the last good one is in force: why.
    pub stale_config: Option<String>,
    /// The screen's theme, if the project file names one.
    pub theme: Option<String>,
    /// What the project would run once the reader consents; `None` if nothing waits for that.
    pub wants_consent: Option<String>,
    /// Checks the project file requires and no plugin has: never a pass.
    pub missing_checks: Vec<String>,
}

/// One table or the model.
#[derive(Debug, Clone)]
pub struct InputState {
    /// `train`, `test`, `current` or `model`.
    pub name: String,
    /// The table's role; `None` for the model.
    pub role: Option<Role>,
    /// Where it comes from; for a trained model, what it is trained as: `random-forest`.
    pub source: String,
    /// Rows and columns; `None` for a model or while nothing is loaded.
    pub shape: Option<(u64, u64)>,
    /// What a model says of itself; `None` for a table or while nothing is loaded.
    pub card: Option<Arc<ModelCard>>,
    /// Content hash in hexadecimal; empty while nothing is loaded.
    pub fingerprint: String,
    /// The rows, to drill into.
    pub table: Option<Arc<TableView>>,
    /// Why what is shown is not what stands on disk, if so.
    pub stale: Option<String>,
    /// When it was last loaded.
    pub loaded_at: Option<SystemTime>,
}

/// How a check stands: verdict and run state in one word. Ordered from best to worst, so that the
/// greatest of several is the one to show for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Not run, for a stated reason: no model, no sensitive column, disabled.
    Skipped,
    /// Ran on the present inputs and passed.
    Pass,
    /// Runs for the first time, or its result is not in yet.
    Pending,
    /// Ran and wants a look.
    Warn,
    /// Ran and cannot tell.
    Inconclusive,
    /// Has a result, but of earlier inputs or of a plugin that broke since.
    Stale,
    /// The check broke: a crash, a limit, a wrong answer.
    Error,
    /// Ran and failed.
    Fail,
}

impl Standing {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "SKIP",
            Self::Pass => "PASS",
            Self::Pending => "....",
            Self::Warn => "WARN",
            Self::Inconclusive => "CAN'T TELL",
            Self::Stale => "STALE",
            Self::Error => "ERROR",
            Self::Fail => "FAIL",
        }
    }
}

impl From<Verdict> for Standing {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Warn => Self::Warn,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckState {
    /// What it says of itself.
    pub info: Arc<CheckInfo>,
    /// Id of the plugin it comes from.
    pub plugin: String,
    /// How it stands.
    pub standing: Standing,
    /// Why it stands so, where the outcome does not say: why skipped, stale, broken.
    pub reason: Option<String>,
    /// The last good outcome, if any; stays while a newer run goes on.
    pub outcome: Option<Arc<Outcome>>,
    /// Whether `outcome` is a partial one of a run still going on.
    pub is_partial: bool,
    /// What its run is doing.
    pub run: RunState,
    /// When `outcome` was computed.
    pub finished_at: Option<SystemTime>,
    /// How long the run behind `outcome` took.
    pub duration: Option<Duration>,
    /// Whether `outcome` came from the store without running.
    pub is_cached: bool,
    /// Earlier results of this check, oldest first.
    pub history: Arc<[HistoryPoint]>,
    /// What turned the verdict last: `train.csv changed (+312 rows)`.
    pub cause: Option<Arc<Cause>>,
}

/// What a check's run is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum RunState {
    /// Nothing to do.
    Idle,
    /// Waits for a free worker.
    Queued,
    /// Runs.
    Running {
        /// When it started.
        since: SystemTime,
        /// Done share, 0 to 1, if the check says so.
        progress: Option<f64>,
        /// What it is at, if the check says so.
        activity: String,
    },
}

/// One earlier result.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPoint {
    /// When.
    pub at: SystemTime,
    /// How the check stood.
    pub standing: Standing,
    /// The headline metric's value.
    pub value: Option<f64>,
}

/// A change of verdict and the change of input behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// When the verdict turned.
    pub at: SystemTime,
    /// How the check stood before.
    pub from: Standing,
    /// How it stands since.
    pub to: Standing,
    /// What had changed, in words.
    pub change: String,
}

/// One plugin library.
#[derive(Debug, Clone)]
pub struct PluginState {
    /// Its id; the file's name while it could not be opened.
    pub id: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it says of itself; `None` while it could not be opened.
    pub info: Option<Arc<PluginInfo>>,
    /// How it is.
    pub health: PluginHealth,
    /// How many checks it offers.
    pub n_checks: usize,
    /// How often it was opened anew since the program started.
    pub n_reloads: u32,
    /// How many of its workers died.
    pub n_crashes: u32,
    /// What it said when it last died.
    pub last_crash: Option<String>,
    /// How long opening took.
    pub open_duration: Option<Duration>,
    /// Time its checks took since the program started.
    pub run_duration: Duration,
    /// When the library file was last changed.
    pub modified_at: Option<SystemTime>,
    /// Process ids and resident memory in bytes of its workers.
    pub workers: Vec<(u32, u64)>,
    /// What it wrote to stdout and stderr: the last lines, control characters removed.
    pub output: Vec<String>,
    /// The long form of what is wrong with it: the whole layout dump.
    pub details: Option<String>,
}

/// How a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginHealth {
    /// It is being opened.
    Opening,
    /// It is open and answers.
    Ready,
    /// It could not be opened: why, in one sentence, and what to do.
    Broken(String),
    /// It crashed; waits before it is started again.
    Restarting(String),
    /// It crashed too often and is not started until its file changes or the user asks.
    Quarantined(String),
    /// The project file disables it.
    Disabled,
}

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: SystemTime,
    /// What kind of event.
    pub kind: LogKind,
    /// One sentence.
    pub text: String,
    /// The check concerned.
    pub check: Option<String>,
}

/// The kinds of event in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogKind {
    /// A file changed.
    Change,
    /// A verdict turned.
    Verdict,
    /// A check finished without turning.
    Finished,
    /// A plugin was opened, changed, broke.
    Plugin,
    /// The project file or theme was read again.
    Config,
    /// Something is wrong.
    Problem,
    /// For information.
    Info,
}

/// What the engine is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// Files being read now, by name.
    pub loading: Vec<String>,
    /// Checks that run.
    pub n_running: usize,
    /// Checks that wait.
    pub n_queued: usize,
    /// Whether watching is paused.
    pub is_paused: bool,
    /// `inotify`, `polling every 500 ms`…; and why, if it is not the native one.
    pub watcher: String,
    /// `Some` if another dashboard writes this project's store: this one follows read-only.
    pub read_only: Option<String>,
}

/// What a reader asks of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Run this check again, even if its result is known.
    Rerun {
        /// Its id.
        check: String,
    },
    /// Run all checks again.
    RerunAll,
    /// Stop this check's run.
    Cancel {
        /// Its id.
        check: String,
    },
    /// Stop looking at changes, or look again.
    Pause(bool),
    /// Consent to what the project would run.
    Consent,
    /// Say what the columns of a table look like.
    ProfileTable {
        /// Which table.
        role: Role,
    },
    /// Say what one column looks like in every table that has it, side by side.
    ProfileColumn {
        /// Its name.
        column: String,
    },
    /// Open a plugin anew, also out of quarantine.
    ReopenPlugin {
        /// Its id.
        plugin: String,
    },
    /// End; the engine stops its workers and answers no more.
    Quit,
}
