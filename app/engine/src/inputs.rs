//! Which tables the project has, and what was last read of each.
//!
//! In: the project file's data section, files that changed, loads that ended. Out: loads to start,
//! the tables of the next snapshot, and the inputs as the picture shows them.
//!
//! Invariant: at most one load per table runs; a change meanwhile starts one more when it ends.
//! The last good table stays in force while a newer file cannot be read, and says so.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use interlock_plugin_api::outcome::Role;

use crate::config::Config;
use crate::event::Command;
use crate::journal::Journal;
use crate::load::{LoadSpec, Loaded, LoadedTable};
use crate::picture::{InputState, LogKind};
use crate::problem::Problem;

/// One table.
#[derive(Debug, Default)]
struct Slot {
    spec: LoadSpec,
    label: String,
    loading: Option<u64>,
    is_dirty: bool,
    table: Option<Arc<LoadedTable>>,
    problems: Vec<Problem>,
    stale: Option<String>,
    loaded_at: Option<SystemTime>,
}

/// All tables.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    slots: BTreeMap<Role, Slot>,
    generation: u64,
}

impl Inputs {
    /// Takes the project file's data section in; returns the loads it asks for. A table whose
    /// description did not change is not read again.
    pub(crate) fn configure(&mut self, config: &Config) -> Vec<Command> {
        let mut commands = Vec::new();
        for role in Role::ALL {
            let Some(source) = config.data.source(role) else {
                self.slots.remove(&role);
                continue;
            };
            let spec = config.load_spec(role);
            let slot = self.slots.entry(role).or_default();
            slot.label = source.label();
            if slot.loaded_at.is_none() && slot.loading.is_none() || slot.spec != spec {
                slot.spec = spec;
                commands.extend(self.begin(role));
            }
        }
        commands
    }

    /// Files changed; returns the loads this asks for.
    pub(crate) fn changed(&mut self, config: &Config, paths: &[PathBuf]) -> Vec<Command> {
        let roles: Vec<Role> = self.slots.keys().copied().collect();
        let mut commands = Vec::new();
        for role in roles {
            let spec = config.load_spec(role);
            let Some(slot) = self.slots.get_mut(&role) else {
                continue;
            };
            let is_named =
                |path: &PathBuf| spec.files.contains(path) || slot.spec.files.contains(path);
            if paths.iter().any(is_named) || spec.files != slot.spec.files {
                slot.spec = spec;
                commands.extend(self.begin(role));
            }
        }
        commands
    }

    /// A load ended. Returns the next one if the file changed meanwhile.
    pub(crate) fn loaded(
        &mut self,
        role: Role,
        generation: u64,
        loaded: Loaded,
        now: SystemTime,
        journal: &mut Journal,
    ) -> Option<Command> {
        let slot = self.slots.get_mut(&role)?;
        if slot.loading != Some(generation) {
            return None;
        }
        slot.loading = None;
        if std::mem::take(&mut slot.is_dirty) {
            return self.begin(role);
        }
        slot.loaded_at = Some(now);
        slot.problems = loaded.problems;
        match loaded.table {
            Some(table) => {
                let is_new = slot
                    .table
                    .as_ref()
                    .is_none_or(|old| old.content != table.content);
                if is_new {
                    journal.note(
                        now,
                        LogKind::Change,
                        told(&slot.label, slot.table.as_deref(), &table),
                    );
                }
                slot.stale = None;
                slot.table = Some(table);
            }
            None => {
                let why = slot
                    .problems
                    .iter()
                    .find(|problem| problem.is_error)
                    .map_or_else(
                        || "it could not be read".to_owned(),
                        crate::report::human::problem_line,
                    );
                journal.note(now, LogKind::Problem, format!("{}: {why}", slot.label));
                slot.stale = Some(why);
            }
        }
        None
    }

    /// Whether any table is being read.
    pub(crate) fn is_loading(&self) -> bool {
        self.slots.values().any(|slot| slot.loading.is_some())
    }

    /// Names of the tables being read.
    pub(crate) fn loading(&self) -> Vec<String> {
        self.slots
            .values()
            .filter(|slot| slot.loading.is_some())
            .map(|slot| slot.label.clone())
            .collect()
    }

    /// The tables as last read well.
    pub(crate) fn tables(&self) -> BTreeMap<Role, Arc<LoadedTable>> {
        self.slots
            .iter()
            .filter_map(|(role, slot)| Some((*role, Arc::clone(slot.table.as_ref()?))))
            .collect()
    }

    /// Tables whose file cannot be read as it stands now, and why.
    pub(crate) fn stale(&self) -> BTreeMap<Role, String> {
        self.slots
            .iter()
            .filter_map(|(role, slot)| Some((*role, slot.stale.clone()?)))
            .collect()
    }

    /// Names for people: `train` → `train.csv`.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.slots
            .iter()
            .map(|(role, slot)| (role.name().to_owned(), slot.label.clone()))
            .collect()
    }

    /// What is wrong with the tables.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.slots.values().flat_map(|slot| &slot.problems)
    }

    /// The tables as the picture shows them.
    pub(crate) fn states(&self) -> Vec<InputState> {
        self.slots
            .iter()
            .map(|(role, slot)| {
                let table = slot.table.as_ref();
                InputState {
                    name: role.name().to_owned(),
                    role: Some(*role),
                    source: slot.label.clone(),
                    card: None,
                    shape: table.map(|table| (table.n_rows, table.columns.len() as u64)),
                    fingerprint: table.map_or_else(String::new, |table| table.content.to_string()),
                    table: table.map(|table| Arc::clone(&table.view)),
                    stale: slot.stale.clone(),
                    loaded_at: slot.loaded_at,
                }
            })
            .collect()
    }

    fn begin(&mut self, role: Role) -> Option<Command> {
        let slot = self.slots.get_mut(&role)?;
        if slot.loading.is_some() {
            slot.is_dirty = true;
            return None;
        }
        self.generation += 1;
        slot.loading = Some(self.generation);
        Some(Command::Load {
            role,
            generation: self.generation,
            spec: slot.spec.clone(),
        })
    }
}

fn told(label: &str, old: Option<&LoadedTable>, new: &LoadedTable) -> String {
    let Some(old) = old else {
        return format!(
            "{label} loaded: {} rows × {} columns",
            new.n_rows,
            new.columns.len()
        );
    };
    let rows = match new.n_rows.cmp(&old.n_rows) {
        std::cmp::Ordering::Greater => format!(" (+{} rows)", new.n_rows - old.n_rows),
        std::cmp::Ordering::Less => format!(" (−{} rows)", old.n_rows - new.n_rows),
        std::cmp::Ordering::Equal => String::new(),
    };
    let is_same = |name: &str, fingerprint| {
        old.columns
            .iter()
            .any(|column| column.name == name && column.fingerprint == fingerprint)
    };
    let changed: Vec<&str> = new
        .columns
        .iter()
        .filter(|column| !is_same(&column.name, column.fingerprint))
        .map(|column| column.name.as_str())
        .collect();
    let columns = match changed.as_slice() {
        [] => String::new(),
        few if few.len() <= 3 => format!(": {}", few.join(", ")),
        many => format!(": {} columns", many.len()),
    };
    format!("{label} changed{rows}{columns}")
}
