//! Which worker does what: starts, reuses, ends and restarts worker processes.
//!
//! In: libraries to open, jobs in the order to run them, what workers did, the time. Out:
//! [`WorkEvent`]s.
//!
//! At most `n_slots` jobs run at once. An opened library keeps one idle worker, so that the next run
//! starts at once. A new version of a library is opened beside the present one, which serves until the
//! new one answers. A library whose workers die again and again waits longer each time and is then
//! left alone; others do not notice.

mod library;

mod member;

mod reports;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use interlock_plugin_api::error::CheckError;

use library::{Library, PrivateCopy, Scratch};
use member::{Phase, Worker};

use super::job::{Job, JobId, LibraryId, Limits, WorkEvent};
use super::process::{Process, Raw, RawEvent, WorkerId};
use super::protocol::{self, OpenFailed, ToWorker};

/// How long a library may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait for the last words of a worker that died.
const LAST_WORDS_LIMIT: Duration = Duration::from_millis(300);

/// All worker processes.
#[derive(Debug)]
pub(crate) struct Pool {
    program: PathBuf,
    limits: Limits,
    n_slots: usize,
    scratch: Scratch,
    sender: Sender<RawEvent>,
    libraries: BTreeMap<LibraryId, Library>,
    workers: BTreeMap<WorkerId, Worker>,
    /// Killed on purpose; kept until the system has let them go.
    graves: BTreeMap<WorkerId, Process>,
    queue: VecDeque<Job>,
    n_workers_made: u64,
}

/// The worker pool as the engine uses it.
impl Pool {
    /// A pool without workers. `folder` takes private copies and scratch folders; `program` is started
    /// for each worker.
    pub(crate) fn new(
        program: PathBuf,
        limits: Limits,
        n_slots: usize,
        folder: &Path,
        sender: Sender<RawEvent>,
    ) -> Self {
        Self {
            program,
            limits,
            n_slots: n_slots.max(1),
            scratch: Scratch::new(folder),
            sender,
            libraries: BTreeMap::new(),
            workers: BTreeMap::new(),
            graves: BTreeMap::new(),
            queue: VecDeque::new(),
            n_workers_made: 0,
        }
    }

    /// Opens a library, or a new version of it.
    pub(crate) fn open(&mut self, library: LibraryId, path: &Path, now: Instant) -> Vec<WorkEvent> {
        let earlier: Vec<WorkerId> = self
            .of_library(library)
            .filter(|(_, worker)| worker.is_candidate)
            .map(|(id, _)| id)
            .collect();
        for id in earlier {
            self.retire(id);
        }
        let entry = self
            .libraries
            .entry(library)
            .or_insert_with(|| Library::new(path.to_owned()));
        entry.forgive();
        let copy = Arc::new(PrivateCopy::new(
            &self.scratch,
            library,
            &mut entry.n_copies,
        ));
        match self.spawn(library, copy, true, now) {
            Ok(()) => Vec::new(),
            Err(error) => vec![WorkEvent::LibraryFailed {
                library,
                message: format!("no process could be started for it: {error}"),
                help: "see how many processes and files you may have open".to_owned(),
                details: None,
            }],
        }
    }

    /// Forgets a library and ends its workers.
    pub(crate) fn close(&mut self, library: LibraryId) {
        self.libraries.remove(&library);
        self.queue.retain(|job| job.library != library);
        let workers: Vec<WorkerId> = self.of_library(library).map(|(id, _)| id).collect();
        for id in workers {
            self.retire(id);
        }
    }

    /// Queues a job and starts it if there is room.
    pub(crate) fn start(&mut self, job: Job, now: Instant) -> Vec<WorkEvent> {
        self.queue.push_back(job);
        self.fill_slots(now)
    }

    /// Stops a job at once, whatever it does.
    pub(crate) fn cancel(&mut self, job: JobId, now: Instant) -> Vec<WorkEvent> {
        self.queue.retain(|queued| queued.id != job);
        let running = self
            .workers
            .iter()
            .find(|(_, worker)| worker.job() == Some(job));
        let Some((&id, worker)) = running else {
            return Vec::new();
        };
        let library = worker.library;
        self.retire(id);
        let mut events = vec![self.census(library)];
        events.extend(self.fill_slots(now));
        events
    }

    /// Something a worker did.
    pub(crate) fn handle(&mut self, raw: RawEvent, now: Instant) -> Vec<WorkEvent> {
        let RawEvent { worker: id, what } = raw;
        let Some(worker) = self.workers.get_mut(&id) else {
            if matches!(what, Raw::AnswersEnded) {
                // Dropping waits for the end, which is here.
                self.graves.remove(&id);
            }
            return Vec::new();
        };
        let (library, job) = (worker.library, worker.job());
        match (what, job) {
            (Raw::Opened(opened), _) => self.opened(id, *opened, now),
            (Raw::OpenFailed(failed), _) => self.open_failed(id, failed, now),
            (Raw::Progress(progress), Some(job)) => {
                vec![WorkEvent::Progressed {
                    job,
                    share: progress.share,
                    activity: progress.activity,
                }]
            }
            (Raw::Partial(Ok(outcome)), Some(job)) => vec![WorkEvent::Partial {
                job,
                outcome: *outcome,
            }],
            (Raw::Partial(Err(error)), Some(_)) => {
                let line = format!("a partial outcome was ignored: {}", error.message);
                vec![WorkEvent::Output {
                    library,
                    lines: vec![line],
                }]
            }
            (Raw::Finished(outcome), Some(job)) => {
                self.ended(id, job, outcome.map(|outcome| *outcome), now)
            }
            (Raw::Failed(error), Some(job)) => self.ended(id, job, Err(error), now),
            (Raw::Output(lines), _) => {
                worker.remember(&lines);
                vec![WorkEvent::Output { library, lines }]
            }
            (Raw::Garbled(why), _) => {
                worker.remember(&[format!("it sent what no worker sends: {why}")]);
                self.died(id, now)
            }
            (Raw::AnswersEnded, _) => self.died(id, now),
            (Raw::OutputEnded, _) => {
                worker.has_said_all = true;
                if matches!(worker.phase, Phase::Dying { .. }) {
                    self.bury(id, now)
                } else {
                    Vec::new()
                }
            }
            // Words about a run that is over.
            (Raw::Progress(_) | Raw::Partial(_) | Raw::Finished(_) | Raw::Failed(_), None) => {
                Vec::new()
            }
        }
    }

    /// When [`Pool::deadline_reached`] must be called though no worker did anything.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let workers = self
            .workers
            .values()
            .filter_map(|worker| match worker.phase {
                Phase::Opening { since } => Some(since + OPEN_LIMIT),
                Phase::Idle => None,
                Phase::Running { deadline, .. } | Phase::Dying { deadline, .. } => Some(deadline),
            });
        let is_waited_for = |id: &LibraryId| self.queue.iter().any(|job| job.library == *id);
        let rests = self
            .libraries
            .iter()
            .filter(|(id, _)| is_waited_for(id))
            .filter_map(|(_, library)| library.rests_until());
        workers.chain(rests).min()
    }

    /// Ends what took too long and starts what has waited long enough.
    pub(crate) fn deadline_reached(&mut self, now: Instant) -> Vec<WorkEvent> {
        let mut events = Vec::new();
        let ids: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in ids {
            let Some(worker) = self.workers.get(&id) else {
                continue;
            };
            let library = worker.library;
            match worker.phase {
                Phase::Running {
                    job,
                    deadline,
                    budget,
                    ..
                } if deadline <= now => {
                    self.retire(id);
                    let message = format!(
                        "took longer than its limit of {} s and was stopped; give it more with plugins.limits.wall_clock, or less to do",
                        budget.as_secs_f64()
                    );
                    events.push(WorkEvent::Failed {
                        job,
                        error: CheckError::failed(message),
                    });
                    events.push(self.census(library));
                }
                Phase::Opening { since } if since + OPEN_LIMIT <= now => {
                    let failed = OpenFailed {
                        message: format!(
                            "the library did not come up within {} s of being opened",
                            OPEN_LIMIT.as_secs()
                        ),
                        help: "see what its initializers wait for".to_owned(),
                        details: None,
                    };
                    events.extend(self.open_failed(id, failed, now));
                }
                Phase::Dying { deadline, .. } if deadline <= now => {
                    events.extend(self.bury(id, now));
                }
                Phase::Opening { .. }
                | Phase::Idle
                | Phase::Running { .. }
                | Phase::Dying { .. } => {}
            }
        }
        events.extend(self.fill_slots(now));
        events
    }

    /// Ends all workers and removes what the pool wrote.
    pub(crate) fn shutdown(&mut self) {
        self.queue.clear();
        for worker in self.workers.values_mut() {
            worker.process.kill();
        }
        self.workers.clear();
        self.graves.clear();
        self.libraries.clear();
        self.scratch.remove();
    }
}

/// Who runs what.
impl Pool {
    /// Starts queued jobs, in order, while there is room.
    fn fill_slots(&mut self, now: Instant) -> Vec<WorkEvent> {
        let mut events = Vec::new();
        let mut waiting = VecDeque::new();
        let mut n_called: BTreeMap<LibraryId, usize> = BTreeMap::new();
        while let Some(job) = self.queue.pop_front() {
            let copy = match self
                .libraries
                .get(&job.library)
                .map(|library| library.ready(now))
            {
                Some(Ok(Some(copy))) => copy,
                Some(Ok(None)) => {
                    waiting.push_back(job);
                    continue;
                }
                Some(Err(why)) => {
                    events.push(WorkEvent::Failed {
                        job: job.id,
                        error: CheckError::failed(why),
                    });
                    continue;
                }
                None => {
                    let error = CheckError::failed("its plugin is gone");
                    events.push(WorkEvent::Failed { job: job.id, error });
                    continue;
                }
            };
            if self.n_busy() >= self.n_slots {
                waiting.push_back(job);
                break;
            }
            let idle = self.of_library(job.library).find(|(_, worker)| {
                matches!(worker.phase, Phase::Idle) && Arc::ptr_eq(&worker.copy, &copy)
            });
            if let Some((id, _)) = idle {
                events.push(WorkEvent::Started { job: job.id });
                self.run(id, job, now);
                continue;
            }
            // Called workers come up and take a job from here.
            let n_called = n_called.entry(job.library).or_default();
            *n_called += 1;
            let n_opening = self
                .of_library(job.library)
                .filter(|(_, worker)| {
                    !worker.is_candidate && matches!(worker.phase, Phase::Opening { .. })
                })
                .count();
            if *n_called > n_opening
                && let Err(error) = self.spawn(job.library, copy, false, now)
            {
                let error =
                    CheckError::failed(format!("no process could be started for it: {error}"));
                events.push(WorkEvent::Failed { job: job.id, error });
                continue;
            }
            waiting.push_back(job);
        }
        waiting.append(&mut self.queue);
        self.queue = waiting;
        events
    }

    fn run(&mut self, id: WorkerId, job: Job, now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        worker.phase = Phase::Running {
            job: job.id,
            since: now,
            deadline: now + job.budget,
            budget: job.budget,
        };
        let run = protocol::Run {
            check: job.check,
            params: job.params,
            facts: job.facts,
            tables: job.tables,
            columns: job.columns,
            model: job.model,
            seed: job.seed,
            budget: job.budget,
        };
        // If it cannot be told it has died, and its reader says so next.
        let _dead = worker.process.send(&ToWorker::Run(Box::new(run)));
    }

    fn spawn(
        &mut self,
        library: LibraryId,
        copy: Arc<PrivateCopy>,
        is_candidate: bool,
        now: Instant,
    ) -> std::io::Result<()> {
        self.n_workers_made += 1;
        let id = WorkerId(self.n_workers_made);
        let scratch = self.scratch.for_worker(id)?;
        let source = self
            .libraries
            .get(&library)
            .map(|library| library.source.clone())
            .unwrap_or_default();
        let mut process = Process::spawn(&self.program, &scratch, id, &self.sender)?;
        // If it cannot be told it has died, and its reader says so next.
        let _dead = process.send(&ToWorker::Open(Box::new(protocol::Open {
            source,
            copy: copy.path.clone(),
            is_copy_needed: is_candidate,
            scratch,
            limits: self.limits.clone(),
        })));
        let worker = Worker {
            library,
            copy,
            process,
            phase: Phase::Opening { since: now },
            is_candidate,
            tail: VecDeque::new(),
            has_said_all: false,
        };
        self.workers.insert(id, worker);
        Ok(())
    }

    /// Ends a worker on purpose.
    fn retire(&mut self, id: WorkerId) {
        if let Some(mut worker) = self.workers.remove(&id) {
            worker.process.kill();
            self.graves.insert(id, worker.process);
        }
    }

    /// One idle worker per library is enough, and none of an earlier version.
    fn retire_surplus(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get(&id) else {
            return;
        };
        let is_current = self
            .libraries
            .get(&worker.library)
            .and_then(|library| library.copy.as_ref())
            .is_some_and(|copy| Arc::ptr_eq(copy, &worker.copy));
        let has_work = self.queue.iter().any(|job| job.library == worker.library);
        let has_other = self
            .of_library(worker.library)
            .any(|(other, worker)| other != id && matches!(worker.phase, Phase::Idle));
        if !is_current || (has_other && !has_work) {
            self.retire(id);
        }
    }

    fn n_busy(&self) -> usize {
        let is_busy = |worker: &&Worker| match worker.phase {
            Phase::Running { .. } => true,
            Phase::Opening { .. } => !worker.is_candidate,
            Phase::Idle | Phase::Dying { .. } => false,
        };
        self.workers.values().filter(is_busy).count()
    }

    fn of_library(&self, library: LibraryId) -> impl Iterator<Item = (WorkerId, &Worker)> {
        self.workers
            .iter()
            .filter(move |(_, worker)| worker.library == library)
            .map(|(id, worker)| (*id, worker))
    }

    fn census(&self, library: LibraryId) -> WorkEvent {
        let workers = self
            .of_library(library)
            .map(|(_, worker)| (worker.process.pid(), worker.process.resident_bytes()))
            .collect();
        WorkEvent::Workers { library, workers }
    }
}
