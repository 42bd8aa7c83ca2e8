//! Stops runs, and lets runs be tried again.
//!
//! In: the id of a check, or that the model came back. Out: the command that ends its job.

use interlock_plugin_api::check_info::Need;

use super::{Checks, Phase};
use crate::event::Command;

impl Checks {
    /// Stops a check's run because its inputs are not at rest: the run is still wanted, and starts
    /// again even if the same inputs come back.
    pub(super) fn interrupt(&mut self, id: &str) -> Option<Command> {
        let command = self.cancel(id)?;
        if let Some(record) = self.records.get_mut(id) {
            record.wanted = None;
        }
        Some(command)
    }

    /// Lets checks that ask the model be tried again though their last run failed.
    pub(crate) fn forget_model_failures(&mut self) {
        for record in self.records.values_mut() {
            if record.info.needs.model != Need::No && record.failure.take().is_some() {
                record.wanted = None;
            }
        }
    }

    /// Stops a check's run, if it has one.
    pub(crate) fn cancel(&mut self, id: &str) -> Option<Command> {
        let record = self.records.get_mut(id)?;
        let job = record.phase.job()?;
        record.phase = Phase::Idle;
        record.partial = None;
        self.jobs.remove(&job);
        Some(Command::CancelJob(job))
    }
}
