//! What the host does for a running check.
//!
//! In: the host's table of functions. Out: tables, model, settings; progress goes the other way.

use std::time::Duration;

use crate::border::{HostHandle, HostTableRef};
use crate::error::CheckError;
use crate::facts::{ColumnKind, ProjectFacts};
use crate::model::Model;
use crate::outcome::{Outcome, Role};
use crate::table::Table;
use crate::table::c_data::{ArrowArray, ArrowSchema};
use crate::wire;

/// A running check's view of the project.
///
/// Only what the check declared under `needs` is there.
pub struct Context {
    table: HostTableRef,
    handle: HostHandle,
    facts: ProjectFacts,
}

impl Context {
    pub(crate) fn new(table: HostTableRef, handle: HostHandle) -> Result<Self, CheckError> {
        let facts = wire::decode(&table.facts()(handle), "the project's facts")?;
        Ok(Self {
            table,
            handle,
            facts,
        })
    }

    /// What the project file says.
    pub fn facts(&self) -> &ProjectFacts {
        &self.facts
    }

    /// A table.
    ///
    /// # Errors
    /// [`CheckErrorKind::MissingInput`](crate::error::CheckErrorKind::MissingInput) if there is
    /// none of this role, which the host shows as *skipped*.
    pub fn table(&self, role: Role) -> Result<Table<'_>, CheckError> {
        let missing = || CheckError::missing_input(format!("no {} table", role.name()));
        self.table_if_present(role)?.ok_or_else(missing)
    }

    /// A table, or nothing if there is none of this role.
    ///
    /// # Errors
    /// If there is one whose memory does not hold together.
    pub fn table_if_present(&self, role: Role) -> Result<Option<Table<'_>>, CheckError> {
        let mut array = ArrowArray::empty();
        let mut schema = ArrowSchema::empty();
        let code = match role {
            Role::Train => 0,
            Role::Test => 1,
            Role::Current => 2,
        };
        let (to_array, to_schema) = (&raw mut array, &raw mut schema);
        if !self.table.table()(self.handle, code, to_array.cast(), to_schema.cast()) {
            return Ok(None);
        }
        let kinds: Vec<(&str, ColumnKind)> = self
            .facts
            .columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind))
            .collect();
        Table::new(role, array, schema, kinds).map(Some)
    }

    /// The model.
    ///
    /// # Errors
    /// [`CheckErrorKind::MissingInput`](crate::error::CheckErrorKind::MissingInput) if there is
    /// none.
    pub fn model(&self) -> Result<Model<'_>, CheckError> {
        let facts = self
            .facts
            .model
            .as_ref()
            .ok_or_else(|| CheckError::missing_input("no model"))?;
        Ok(Model {
            table: self.table,
            handle: self.handle,
            facts,
            task: self.facts.task,
        })
    }

    /// The model, or nothing if there is none.
    pub fn model_if_present(&self) -> Option<Model<'_>> {
        self.model().ok()
    }

    /// Seed of everything random in this run: the same seed must give the same outcome.
    pub fn seed(&self) -> u64 {
        self.table.seed()(self.handle)
    }

    /// How long the run may take; beyond it the host ends the process.
    pub fn budget(&self) -> Duration {
        Duration::from_millis(self.table.budget_ms()(self.handle))
    }

    /// Says how far the check is: a share from 0 to 1 (NaN if unknown) and what it is at.
    pub fn progress(&self, share: f64, activity: &str) {
        self.table.progress()(self.handle, share, activity.into());
    }

    /// Shows what is known so far; the final outcome replaces it. Say in its notes what it rests
    /// on.
    pub fn partial(&self, outcome: &Outcome) {
        self.table.partial()(self.handle, wire::encode(outcome).as_slice().into());
    }

    /// Whether the host wants the check to stop. Cancelling does not depend on it (the host ends
    /// the process); a check that asks can end in order.
    pub fn is_cancelled(&self) -> bool {
        self.table.is_cancelled()(self.handle)
    }

    /// Writes a line to the plugin's output pane.
    pub fn log(&self, text: &str) {
        self.table.log()(self.handle, text.into());
    }

    pub(crate) fn params(&self) -> Vec<u8> {
        self.table.params()(self.handle).into_vec()
    }
}
