//! One check's state: its last result, its run, and how it stands.
//!
//! In: what happened to the check. Out: [`Standing`] and [`CheckState`] for the picture.
//!
//! Knows no scheduling; see the module above it for what runs when.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::check_info::CheckInfo;
use interlock_plugin_api::outcome::{Outcome, Verdict};

use crate::picture::{Cause, CheckState, HistoryPoint, RunState, Standing};
use crate::schedule::{InputSeen, ResultKey};
use crate::work::{JobId, LibraryId};

/// How many earlier results a check keeps in memory for its sparkline.
pub(crate) const HISTORY_LIMIT: usize = 120;

/// A finished run.
#[derive(Debug, Clone)]
pub(crate) struct ResultRecord {
    pub(crate) key: ResultKey,
    pub(crate) inputs: Vec<InputSeen>,
    pub(crate) outcome: Arc<Outcome>,
    pub(crate) finished_at: SystemTime,
    pub(crate) duration: Duration,
    pub(crate) is_cached: bool,
}

/// Why a run gave no outcome.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) key: ResultKey,
    pub(crate) reason: String,
}

/// What the check's run is doing.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Idle,
    Queued(JobId),
    Running {
        job: JobId,
        since: SystemTime,
        progress: Option<f64>,
        activity: String,
    },
}

impl Phase {
    /// The job, if there is one.
    pub(crate) fn job(&self) -> Option<JobId> {
        match self {
            Self::Idle => None,
            Self::Queued(job) | Self::Running { job, .. } => Some(*job),
        }
    }
}

/// One check.
#[derive(Debug)]
pub(crate) struct CheckRecord {
    pub(crate) info: Arc<CheckInfo>,
    pub(crate) library: LibraryId,
    pub(crate) plugin: String,
    /// Key and inputs of the run the present inputs ask for; `None` while it cannot run.
    pub(crate) wanted: Option<(ResultKey, Vec<InputSeen>)>,
    /// Why it does not run at all.
    pub(crate) skip: Option<String>,
    /// What the check itself said it lacks, and in which run.
    pub(crate) declined: Option<(ResultKey, String)>,
    /// Whether the project file requires it: then skipping it is no answer.
    pub(crate) is_required: bool,
    /// Whether a failure counts as a warning only.
    pub(crate) warns_only: bool,
    /// Why the library cannot run it now.
    pub(crate) library_trouble: Option<String>,
    /// Why its inputs cannot be read as they stand now.
    pub(crate) input_trouble: Option<String>,
    /// Whether it waits for a model that is being made.
    pub(crate) waits_for_model: bool,
    pub(crate) result: Option<ResultRecord>,
    pub(crate) failure: Option<Failure>,
    pub(crate) partial: Option<Arc<Outcome>>,
    pub(crate) phase: Phase,
    pub(crate) history: Vec<HistoryPoint>,
    pub(crate) cause: Option<Arc<Cause>>,
    /// The last standing a finished run gave, to see it turn.
    pub(crate) settled: Option<Standing>,
}

impl CheckRecord {
    /// A check that has not run.
    pub(crate) fn new(info: Arc<CheckInfo>, library: LibraryId, plugin: &str) -> Self {
        Self {
            info,
            library,
            plugin: plugin.to_owned(),
            wanted: None,
            skip: None,
            declined: None,
            is_required: false,
            warns_only: false,
            library_trouble: None,
            input_trouble: None,
            waits_for_model: false,
            result: None,
            failure: None,
            partial: None,
            phase: Phase::Idle,
            history: Vec::new(),
            cause: None,
            settled: None,
        }
    }

    /// The standing an outcome gives, by the project file's severity.
    pub(crate) fn judge(&self, outcome: &Outcome) -> Standing {
        match outcome.verdict {
            Verdict::Fail if self.warns_only => Standing::Warn,
            verdict => verdict.into(),
        }
    }

    /// How it stands, and why where the outcome does not say.
    pub(crate) fn standing(&self) -> (Standing, Option<String>) {
        if let Some(why) = &self.skip {
            return if self.is_required {
                (
                    Standing::Inconclusive,
                    Some(format!("required, but skipped: {why}")),
                )
            } else {
                (Standing::Skipped, Some(why.clone()))
            };
        }
        if let Some(why) = self
            .library_trouble
            .as_ref()
            .or(self.input_trouble.as_ref())
        {
            let standing = if self.result.is_some() {
                Standing::Stale
            } else {
                Standing::Error
            };
            return (standing, Some(why.clone()));
        }
        let wanted = self.wanted.as_ref().map(|(key, _)| *key);
        if let Some(failure) = self
            .failure
            .as_ref()
            .filter(|failure| Some(failure.key) == wanted)
        {
            return (Standing::Error, Some(failure.reason.clone()));
        }
        match &self.result {
            Some(result) if Some(result.key) == wanted => (self.judge(&result.outcome), None),
            Some(_) if self.waits_for_model => {
                (Standing::Stale, Some("waits for the model".to_owned()))
            }
            Some(_) if self.phase.job().is_some() => (
                Standing::Stale,
                Some("inputs changed; runs again".to_owned()),
            ),
            Some(_) => (
                Standing::Stale,
                Some("its inputs have changed since".to_owned()),
            ),
            None if self.waits_for_model => {
                (Standing::Pending, Some("waits for the model".to_owned()))
            }
            None if self.wanted.is_some() && self.phase.job().is_none() => (
                Standing::Stale,
                Some("cancelled; press r to run it".to_owned()),
            ),
            None => (Standing::Pending, None),
        }
    }

    /// Takes a result in; returns the standing it turned from, if it turned.
    pub(crate) fn settle(&mut self, result: ResultRecord, change: &str) -> Option<Arc<Cause>> {
        let standing = self.judge(&result.outcome);
        let at = result.finished_at;
        self.remember(at, standing, headline(&result.outcome));
        self.failure = None;
        self.partial = None;
        self.result = Some(result);
        self.turn(at, standing, change)
    }

    /// Takes a failure in; returns the standing it turned from, if it turned.
    pub(crate) fn fail(
        &mut self,
        failure: Failure,
        at: SystemTime,
        change: &str,
    ) -> Option<Arc<Cause>> {
        self.remember(at, Standing::Error, None);
        self.partial = None;
        self.failure = Some(failure);
        self.turn(at, Standing::Error, change)
    }

    fn turn(&mut self, at: SystemTime, to: Standing, change: &str) -> Option<Arc<Cause>> {
        let from = self.settled.replace(to)?;
        if from == to {
            return None;
        }
        let cause = Arc::new(Cause {
            at,
            from,
            to,
            change: change.to_owned(),
        });
        self.cause = Some(Arc::clone(&cause));
        Some(cause)
    }

    fn remember(&mut self, at: SystemTime, standing: Standing, value: Option<f64>) {
        if self.history.len() == HISTORY_LIMIT {
            self.history.remove(0);
        }
        self.history.push(HistoryPoint {
            at,
            standing,
            value,
        });
    }

    /// The check as the picture shows it.
    pub(crate) fn state(&self) -> CheckState {
        let (standing, reason) = self.standing();
        let result = self.result.as_ref();
        let shown = self
            .partial
            .clone()
            .or_else(|| result.map(|result| Arc::clone(&result.outcome)));
        CheckState {
            info: Arc::clone(&self.info),
            plugin: self.plugin.clone(),
            standing,
            reason,
            outcome: shown,
            is_partial: self.partial.is_some(),
            run: match &self.phase {
                Phase::Idle => RunState::Idle,
                Phase::Queued(_) => RunState::Queued,
                Phase::Running {
                    since,
                    progress,
                    activity,
                    ..
                } => RunState::Running {
                    since: *since,
                    progress: *progress,
                    activity: activity.clone(),
                },
            },
            finished_at: result.map(|result| result.finished_at),
            duration: result.map(|result| result.duration),
            is_cached: result.is_some_and(|result| result.is_cached),
            history: self.history.clone().into(),
            cause: self.cause.clone(),
        }
    }
}

/// The value of the headline metric.
pub(crate) fn headline(outcome: &Outcome) -> Option<f64> {
    outcome.metrics.first().and_then(|metric| metric.value)
}
