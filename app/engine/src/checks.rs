//! Every check's state, and what must run now.
//!
//! In: the snapshot, the settings, what the plugins offer, what the store knows, what workers
//! report. Out: jobs to start and to cancel, results to keep, and the checks as the picture shows
//! them.
//!
//! Invariant: a check has at most one job, and it is the one its present inputs ask for; a newer
//! one replaces it. Knows no threads and no clock.

mod present;

pub(crate) mod record;

mod wish;

mod unknown;

mod interrupt;

mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::check_info::{CheckInfo, Need};
use interlock_plugin_api::error::{CheckError, CheckErrorKind};
use interlock_plugin_api::outcome::{Outcome, Role};

pub(crate) use present::{Origin, Present};
use record::{CheckRecord, Failure, Phase, ResultRecord, headline};
use wish::{Wish, encode};
use words::{cadence, due, is_overdue, refuse, tell, words};

use crate::config::Config;
use crate::event::Command;
use crate::journal::Journal;
use crate::picture::{Cause, CheckState};
use crate::schedule::{self, InputSeen, ResultKey};
use crate::store::{Store, StoredResult};
use crate::work::{Job, JobId, LibraryId, ModelFile};

/// All checks.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    records: BTreeMap<String, CheckRecord>,
    origins: BTreeMap<String, Origin>,
    jobs: BTreeMap<JobId, String>,
    n_jobs: u64,
}

impl Checks {
    /// Takes in what a library offers, in place of what it offered before. Returns the ids another
    /// plugin already offers, which are refused.
    pub(crate) fn offer(
        &mut self,
        origin: &Origin,
        infos: &[CheckInfo],
        store: &Store,
    ) -> Vec<String> {
        let mut refused = Vec::new();
        let offered: Vec<&str> = infos.iter().map(|info| info.id.as_str()).collect();
        self.records.retain(|id, record| {
            record.library != origin.library || offered.contains(&id.as_str())
        });
        for info in infos {
            match self.records.get_mut(&info.id) {
                Some(record) if record.library != origin.library => {
                    refused.push(info.id.clone());
                    continue;
                }
                Some(record) => {
                    record.info = Arc::new(info.clone());
                    record.plugin.clone_from(&origin.plugin);
                    record.library_trouble = None;
                }
                None => {
                    let mut record =
                        CheckRecord::new(Arc::new(info.clone()), origin.library, &origin.plugin);
                    record.history = store.history(&info.id, record::HISTORY_LIMIT);
                    self.records.insert(info.id.clone(), record);
                }
            }
            self.origins.insert(info.id.clone(), origin.clone());
        }
        refused
    }

    /// A library is gone: so are its checks.
    pub(crate) fn withdraw(&mut self, library: LibraryId) -> Vec<Command> {
        let gone: Vec<String> = self.of_library(library).cloned().collect();
        let mut commands = Vec::new();
        for id in gone {
            commands.extend(self.cancel(&id));
            self.records.remove(&id);
            self.origins.remove(&id);
        }
        commands
    }

    /// Says of all checks of a library that it cannot run them, or can again.
    pub(crate) fn trouble(&mut self, library: LibraryId, why: Option<&str>) {
        for record in self
            .records
            .values_mut()
            .filter(|record| record.library == library)
        {
            record.library_trouble = why.map(ToOwned::to_owned);
        }
    }

    /// Compares what is known with what the present inputs ask for. Returns jobs to cancel, then
    /// jobs to start, in the order to run them.
    pub(crate) fn plan(
        &mut self,
        present: &Present<'_>,
        store: &Store,
        journal: &mut Journal,
    ) -> Vec<Command> {
        let mut commands = Vec::new();
        let mut to_run = Vec::new();
        let ids: Vec<String> = self.records.keys().cloned().collect();
        for id in ids {
            let wish = self.wish(&id, present);
            let Some(record) = self.records.get_mut(&id) else {
                continue;
            };
            let (key, inputs, params) = match wish {
                Wish::Run {
                    key,
                    inputs,
                    params,
                } => (key, inputs, params),
                Wish::KeepOld(why) => {
                    record.input_trouble = Some(why);
                    commands.extend(self.interrupt(&id));
                    continue;
                }
                Wish::Wait => {
                    record.waits_for_model = true;
                    commands.extend(self.interrupt(&id));
                    continue;
                }
                Wish::Skip(why) => {
                    record.skip = Some(why);
                    record.wanted = None;
                    commands.extend(self.cancel(&id));
                    continue;
                }
                Wish::Refuse { key, why } => {
                    refuse(record, key, &why, present.now, journal);
                    commands.extend(self.cancel(&id));
                    continue;
                }
            };
            let declined = record.declined.as_ref().filter(|(run, _)| *run == key);
            record.skip = declined.map(|(_, why)| why.clone());
            record.input_trouble = None;
            record.waits_for_model = false;
            let is_wanted_already = record
                .wanted
                .as_ref()
                .is_some_and(|(wanted, _)| *wanted == key);
            record.wanted = Some((key, inputs.clone()));
            let is_declined = record.skip.is_some();
            if is_declined || (is_wanted_already && !is_overdue(record, key, present)) {
                continue;
            }
            commands.extend(self.cancel(&id));
            if !self.recall(&id, (key, &inputs), present, store, journal) {
                to_run.push((id, params));
            }
        }
        commands.extend(self.start_all(to_run, present));
        commands
    }

    /// Runs a check whatever is known of it; `None` runs all.
    pub(crate) fn rerun(&mut self, only: Option<&str>, present: &Present<'_>) -> Vec<Command> {
        let ids: Vec<String> = self
            .records
            .keys()
            .filter(|id| only.is_none_or(|only| only == *id))
            .cloned()
            .collect();
        let mut commands = Vec::new();
        let mut to_run = Vec::new();
        for id in ids {
            if let Wish::Run {
                key,
                inputs,
                params,
            } = self.wish(&id, present)
            {
                commands.extend(self.cancel(&id));
                if let Some(record) = self.records.get_mut(&id) {
                    record.failure = None;
                    record.declined = None;
                    record.wanted = Some((key, inputs));
                }
                to_run.push((id, params));
            }
        }
        commands.extend(self.start_all(to_run, present));
        commands
    }

    /// A worker took up a job.
    pub(crate) fn started(&mut self, job: JobId, now: SystemTime) {
        if let Some(record) = self.of_job(job) {
            record.phase = Phase::Running {
                job,
                since: now,
                progress: None,
                activity: String::new(),
            };
        }
    }

    /// A job tells how far it is.
    pub(crate) fn progressed(&mut self, job: JobId, share: Option<f64>, activity: String) {
        if let Some(Phase::Running {
            progress,
            activity: shown,
            ..
        }) = self.of_job(job).map(|record| &mut record.phase)
        {
            *progress = share
                .filter(|share| share.is_finite())
                .map(|share| share.clamp(0.0, 1.0));
            *shown = activity;
        }
    }

    /// A job sent what it has so far.
    pub(crate) fn partial(&mut self, job: JobId, outcome: Arc<Outcome>) {
        if let Some(record) = self.of_job(job) {
            record.partial = Some(outcome);
        }
    }

    /// A job ended with an outcome; keeps it. Returns what to store.
    pub(crate) fn finished(
        &mut self,
        job: JobId,
        outcome: Outcome,
        duration: Duration,
        present: &Present<'_>,
        journal: &mut Journal,
    ) -> Option<StoredResult> {
        let id = self.jobs.remove(&job)?;
        let origin = self.origins.get(&id)?.clone();
        let record = self.records.get_mut(&id)?;
        record.phase = Phase::Idle;
        let (key, inputs) = record.wanted.clone()?;
        let change = words(record, &inputs, present);
        let outcome = Arc::new(outcome);
        let stored = StoredResult {
            key,
            check: id.clone(),
            plugin: origin.plugin,
            plugin_version: origin.version,
            standing: record.judge(&outcome),
            headline: headline(&outcome),
            outcome: Arc::clone(&outcome),
            inputs: inputs
                .iter()
                .map(|input| (input.name.clone(), input.fingerprint, input.n_rows))
                .collect(),
            finished_at: present.now,
            duration,
            seed: present.config.project.seed,
        };
        let result = ResultRecord {
            key,
            inputs,
            outcome,
            finished_at: present.now,
            duration,
            is_cached: false,
        };
        tell(
            &id,
            record.settle(result, &change),
            record,
            present.now,
            journal,
        );
        Some(stored)
    }

    /// A job ended without an outcome.
    pub(crate) fn failed(
        &mut self,
        job: JobId,
        error: &CheckError,
        now: SystemTime,
        journal: &mut Journal,
    ) {
        let Some(id) = self.jobs.remove(&job) else {
            return;
        };
        let Some(record) = self.records.get_mut(&id) else {
            return;
        };
        record.phase = Phase::Idle;
        record.partial = None;
        match error.kind {
            CheckErrorKind::MissingInput => {
                record.skip = Some(error.message.clone());
                let run = record.wanted.as_ref().map(|(key, _)| *key);
                record.declined = run.map(|key| (key, error.message.clone()));
            }
            CheckErrorKind::Cancelled => {}
            _ => {
                let Some((key, inputs)) = record.wanted.clone() else {
                    return;
                };
                let failure = Failure {
                    key,
                    reason: error.message.clone(),
                };
                let before = record.result.as_ref().map(|result| result.inputs.clone());
                let change =
                    before.map_or_else(String::new, |before| schedule::changes(&before, &inputs));
                let cause = record.fail(failure, now, &change);
                tell(&id, cause, record, now, journal);
            }
        }
    }

    /// Ids of checks that run or wait.
    pub(crate) fn n_running_and_queued(&self) -> (usize, usize) {
        let count = |is: fn(&Phase) -> bool| {
            self.records
                .values()
                .filter(|record| is(&record.phase))
                .count()
        };
        (
            count(|phase| matches!(phase, Phase::Running { .. })),
            count(|phase| matches!(phase, Phase::Queued(_))),
        )
    }

    /// When the first result grows older than its check's cadence.
    pub(crate) fn next_deadline(&self, config: &Config) -> Option<SystemTime> {
        self.records
            .iter()
            .filter(|(_, record)| record.skip.is_none() && record.phase.job().is_none())
            .filter_map(|(id, record)| due(record, config.checks.get(id)))
            .min()
    }

    /// The checks as the picture shows them: in pipeline order, then by id.
    pub(crate) fn states(&self) -> Vec<Arc<CheckState>> {
        let mut states: Vec<Arc<CheckState>> = self
            .records
            .values()
            .map(|record| Arc::new(record.state()))
            .collect();
        states.sort_by(|a, b| (a.info.stage, &a.info.id).cmp(&(b.info.stage, &b.info.id)));
        states
    }

    /// The library a job runs in.
    pub(crate) fn library_of(&self, job: JobId) -> Option<LibraryId> {
        self.jobs
            .get(&job)
            .and_then(|id| self.records.get(id))
            .map(|record| record.library)
    }

    fn of_library(&self, library: LibraryId) -> impl Iterator<Item = &String> {
        self.records
            .iter()
            .filter(move |(_, record)| record.library == library)
            .map(|(id, _)| id)
    }

    fn of_job(&mut self, job: JobId) -> Option<&mut CheckRecord> {
        let id = self.jobs.get(&job)?;
        self.records.get_mut(id)
    }

    /// Shows a result known from before, in memory or in the store. False if there is none.
    fn recall(
        &mut self,
        id: &str,
        (key, inputs): (ResultKey, &[InputSeen]),
        present: &Present<'_>,
        store: &Store,
        journal: &mut Journal,
    ) -> bool {
        let (Some(record), Some(stored)) = (self.records.get_mut(id), store.find(&key)) else {
            return false;
        };
        let known = ResultRecord {
            key,
            inputs: inputs.to_vec(),
            outcome: stored.outcome,
            finished_at: stored.finished_at,
            duration: stored.duration,
            is_cached: true,
        };
        let limit = cadence(record, present.config.checks.get(id));
        let age = present
            .now
            .duration_since(known.finished_at)
            .unwrap_or_default();
        if limit.is_some_and(|limit| age > limit) {
            return false;
        }
        let change = words(record, inputs, present);
        let standing = record.judge(&known.outcome);
        let before = record.settled.replace(standing);
        record.failure = None;
        record.partial = None;
        record.result = Some(known);
        if let Some(from) = before.filter(|before| *before != standing) {
            let cause = Arc::new(Cause {
                at: present.now,
                from,
                to: standing,
                change,
            });
            record.cause = Some(Arc::clone(&cause));
            tell(id, Some(cause), record, present.now, journal);
        }
        true
    }

    fn start_all(&mut self, to_run: Vec<(String, Vec<u8>)>, present: &Present<'_>) -> Vec<Command> {
        let mut jobs: Vec<(String, Vec<u8>)> = to_run;
        jobs.sort_by_cached_key(|(id, _)| {
            self.records.get(id).map(|record| {
                let last = record
                    .result
                    .as_ref()
                    .map(|result| u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX));
                let (step, stage, id) = schedule::order_key(&record.info, last);
                (step, stage, id.to_owned())
            })
        });
        jobs.into_iter()
            .filter_map(|(id, params)| self.start(&id, params, present))
            .collect()
    }

    fn start(&mut self, id: &str, params: Vec<u8>, present: &Present<'_>) -> Option<Command> {
        let record = self.records.get_mut(id)?;
        self.n_jobs += 1;
        let job = JobId(self.n_jobs);
        record.phase = Phase::Queued(job);
        self.jobs.insert(job, id.to_owned());
        let needs = &record.info.needs;
        let tables: Vec<(Role, PathBuf)> = present
            .snapshot
            .tables
            .iter()
            .filter(|(role, _)| needs.table(**role) != Need::No)
            .map(|(role, table)| (*role, table.cache_path.clone()))
            .collect();
        let model = present
            .snapshot
            .model
            .as_ref()
            .filter(|_| needs.model != Need::No);
        Some(Command::StartJob(Box::new(Job {
            id: job,
            library: record.library,
            check: id.to_owned(),
            params,
            facts: encode(&present.snapshot.facts.seen_by(needs)),
            tables,
            columns: needs.columns.clone(),
            model: model.map(|model| ModelFile {
                path: model.path.clone(),
                fingerprint: model.fingerprint,
                answer_limit: model.served.as_ref().map(|served| served.timeout),
                features: present.snapshot.model_features(),
                codes: present.snapshot.codes.clone(),
                is_flipped: present.snapshot.is_flipped,
            }),
            seed: present.config.project.seed,
            budget: present.config.plugins.limits.wall_clock,
        })))
    }
}
