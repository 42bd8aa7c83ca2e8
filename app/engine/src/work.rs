//! Runs checks in worker processes.
//!
//! In: libraries to open, jobs to run. Out: [`WorkEvent`]s. One process opens one library; what it
//! does to itself ends with it, and what happened is told in one sentence.
//!
//! The host's side is [`Pool`], the worker's is [`worker`]; between them go the frames of `protocol`.
//! The pool trusts no byte it reads: frames, infos and outcomes are bounded and checked.

mod job;

pub(crate) mod protocol;

pub mod sandbox;

mod death;

mod output;

pub(crate) mod process;

pub(crate) mod pool;

mod services;

pub mod worker;

pub use job::Limits;
pub(crate) use job::{Job, JobId, LibraryId, ModelFile, WorkEvent};
pub(crate) use output::clean;
pub(crate) use pool::Pool;
pub(crate) use process::RawEvent;
pub(crate) use services::connect;
