//! One worker as the pool sees it.
//!
//! In: what it did. Out: what it is at.

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::library::PrivateCopy;
use crate::work::job::{JobId, LibraryId};
use crate::work::process::Process;

/// Lines kept of what a worker printed, to explain its death.
const TAIL_LINES: usize = 20;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) library: LibraryId,
    pub(super) copy: Arc<PrivateCopy>,
    pub(super) process: Process,
    pub(super) phase: Phase,
    /// Whether it tries out a new version of the library.
    pub(super) is_candidate: bool,
    pub(super) tail: VecDeque<String>,
    pub(super) has_said_all: bool,
}

#[derive(Debug)]
pub(super) enum Phase {
    Opening {
        since: Instant,
    },
    Idle,
    Running {
        job: JobId,
        since: Instant,
        deadline: Instant,
        budget: Duration,
    },
    Dying {
        status: Option<ExitStatus>,
        was: Was,
        deadline: Instant,
    },
}

/// What a dying worker was at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Was {
    Opening,
    Idle,
    Running(JobId),
}

impl Worker {
    pub(super) fn job(&self) -> Option<JobId> {
        match self.phase {
            Phase::Running { job, .. } => Some(job),
            Phase::Opening { .. } | Phase::Idle | Phase::Dying { .. } => None,
        }
    }

    pub(super) fn remember(&mut self, lines: &[String]) {
        self.tail.extend(lines.iter().cloned());
        let excess = self.tail.len().saturating_sub(TAIL_LINES);
        self.tail.drain(..excess);
    }
}
