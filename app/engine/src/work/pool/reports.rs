//! What workers did, and what follows from it.
//!
//! In: answers, ends, last words. Out: [`WorkEvent`]s.

use std::sync::Arc;
use std::time::Instant;

use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::host::check_infos;
use interlock_plugin_api::outcome::Outcome;

use super::library::AfterDeath;
use super::member::{Phase, Was};
use super::{LAST_WORDS_LIMIT, Pool};
use crate::work::death;
use crate::work::job::{JobId, LibraryId, WorkEvent};
use crate::work::process::WorkerId;
use crate::work::protocol::{OpenFailed, Opened};

impl Pool {
    pub(super) fn opened(&mut self, id: WorkerId, opened: Opened, now: Instant) -> Vec<WorkEvent> {
        if let Err(error) = check_infos(&opened.info, &opened.checks) {
            let failed = OpenFailed {
                message: format!("what it says of itself cannot be used: {}", error.message),
                help: "rebuild it with a current interlock-plugin-api".to_owned(),
                details: None,
            };
            return self.open_failed(id, failed, now);
        }
        let Some(worker) = self.workers.get_mut(&id) else {
            return Vec::new();
        };
        let Phase::Opening { since } = worker.phase else {
            return Vec::new();
        };
        worker.phase = Phase::Idle;
        let (library, copy, is_candidate) = (
            worker.library,
            Arc::clone(&worker.copy),
            worker.is_candidate,
        );
        worker.is_candidate = false;
        let Some(entry) = self.libraries.get_mut(&library) else {
            return Vec::new();
        };
        let mut events = Vec::new();
        if is_candidate {
            entry.copy = Some(copy);
            let old: Vec<WorkerId> = self
                .of_library(library)
                .filter(|(other, worker)| *other != id && matches!(worker.phase, Phase::Idle))
                .map(|(id, _)| id)
                .collect();
            for id in old {
                self.retire(id);
            }
            events.push(WorkEvent::LibraryOpened {
                library,
                info: opened.info,
                checks: opened.checks,
                duration: now.duration_since(since),
            });
        } else if entry.has_crashed() {
            events.push(WorkEvent::Recovered { library });
        }
        events.push(self.census(library));
        events.extend(self.fill_slots(now));
        events
    }

    pub(super) fn open_failed(
        &mut self,
        id: WorkerId,
        failed: OpenFailed,
        now: Instant,
    ) -> Vec<WorkEvent> {
        let Some(worker) = self.workers.get(&id) else {
            return Vec::new();
        };
        let (library, is_candidate) = (worker.library, worker.is_candidate);
        self.retire(id);
        if is_candidate {
            let OpenFailed {
                message,
                help,
                details,
            } = failed;
            return vec![
                WorkEvent::LibraryFailed {
                    library,
                    message,
                    help,
                    details,
                },
                self.census(library),
            ];
        }
        self.count_death(
            library,
            None,
            &format!("could not be started again: {}", failed.message),
            now,
        )
    }

    pub(super) fn ended(
        &mut self,
        id: WorkerId,
        job: JobId,
        outcome: Result<Outcome, CheckError>,
        now: Instant,
    ) -> Vec<WorkEvent> {
        let Some(worker) = self.workers.get_mut(&id) else {
            return Vec::new();
        };
        let Phase::Running { since, .. } = worker.phase else {
            return Vec::new();
        };
        worker.phase = Phase::Idle;
        let library = worker.library;
        let mut events = vec![match outcome {
            Ok(outcome) => WorkEvent::Finished {
                job,
                outcome,
                duration: now.duration_since(since),
            },
            Err(error) => WorkEvent::Failed { job, error },
        }];
        if let Some(entry) = self.libraries.get_mut(&library) {
            entry.worked();
        }
        self.retire_surplus(id);
        events.push(self.census(library));
        events.extend(self.fill_slots(now));
        events
    }

    pub(super) fn died(&mut self, id: WorkerId, now: Instant) -> Vec<WorkEvent> {
        let Some(worker) = self.workers.get_mut(&id) else {
            return Vec::new();
        };
        let was = match worker.phase {
            Phase::Opening { .. } => Was::Opening,
            Phase::Idle => Was::Idle,
            Phase::Running { job, .. } => Was::Running(job),
            Phase::Dying { .. } => return Vec::new(),
        };
        let status = worker.process.end();
        worker.phase = Phase::Dying {
            status,
            was,
            deadline: now + LAST_WORDS_LIMIT,
        };
        if worker.has_said_all {
            self.bury(id, now)
        } else {
            Vec::new()
        }
    }

    /// A dead worker's last words are in: says what happened.
    pub(super) fn bury(&mut self, id: WorkerId, now: Instant) -> Vec<WorkEvent> {
        let Some(worker) = self.workers.remove(&id) else {
            return Vec::new();
        };
        let Phase::Dying { status, was, .. } = worker.phase else {
            return Vec::new();
        };
        let tail: Vec<String> = worker.tail.into();
        let garbled = tail
            .iter()
            .rev()
            .find(|line| line.starts_with("it sent what no worker sends"));
        let sentence = match (garbled, status) {
            (Some(line), _) => line.replacen("it sent", "sent", 1),
            (None, Some(status)) => death::sentence(status, &tail, &self.limits),
            (None, None) => "ended; the system does not say how".to_owned(),
        };
        match was {
            Was::Opening if worker.is_candidate => vec![
                WorkEvent::LibraryFailed {
                    library: worker.library,
                    message: format!("the library {sentence} while it was opened"),
                    help: "see what its initializers do".to_owned(),
                    details: (!tail.is_empty()).then(|| tail.join("\n")),
                },
                self.census(worker.library),
            ],
            Was::Opening | Was::Idle => self.count_death(worker.library, None, &sentence, now),
            Was::Running(job) => self.count_death(worker.library, Some(job), &sentence, now),
        }
    }

    pub(super) fn count_death(
        &mut self,
        library: LibraryId,
        job: Option<JobId>,
        sentence: &str,
        now: Instant,
    ) -> Vec<WorkEvent> {
        let mut events = vec![
            WorkEvent::Died {
                job,
                library,
                sentence: sentence.to_owned(),
            },
            self.census(library),
        ];
        if let Some(entry) = self.libraries.get_mut(&library) {
            match entry.died(sentence, now) {
                AfterDeath::AtOnce => {}
                AfterDeath::Later(wait) => {
                    let sentence = format!("{sentence}; starts again in {} s", wait.as_secs_f64());
                    events.push(WorkEvent::Restarting { library, sentence });
                }
                AfterDeath::Never(sentence) => {
                    events.push(WorkEvent::Quarantined { library, sentence });
                }
            }
        }
        events.extend(self.fill_slots(now));
        events
    }
}
