//! Learns a contract from the training table, and writes it into the project file.
//!
//! In: a project file's text, and the training table it names. Out: the same text with the rules that
//! were learned, what stood there untouched, and in words what was learned and what not. Writes no
//! file but the table's cache.

mod tail;

mod shapes;

mod columns;

mod relations;

mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::DataType;
use interlock_plugin_api::outcome::Role;

pub use columns::LearnedColumn;
pub use relations::LearnedRelation;
pub use write::{Merged, merge};

use crate::config::Config;
use crate::load;
use crate::problem::Problem;
use crate::table::TableView;
use columns::Next;
use relations::{MAX_COLUMNS, Numbers};

/// A contract as it was learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// Rows it was learned from.
    pub n_rows: u64,
    /// Rules of columns, in the order of the table.
    pub columns: Vec<LearnedColumn>,
    /// Rules between columns.
    pub relations: Vec<LearnedRelation>,
    /// What was not learned of the table as a whole, and why.
    pub not_learned: Vec<String>,
}

impl Learned {
    /// How many rules there are, by key; relations under `relations`.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let keys = self.columns.iter().flat_map(|column| &column.rules);
        let mut counts = BTreeMap::new();
        for (key, _) in keys {
            *counts.entry(*key).or_default() += 1;
        }
        if !self.relations.is_empty() {
            counts.insert("relations", self.relations.len());
        }
        counts
    }
}

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The project file names no training table.
    #[error("the project file names no train table")]
    NoTable,
    /// It cannot be read.
    #[error("the train table cannot be read")]
    Unreadable(Vec<Problem>),
    /// It has no rows.
    #[error("the train table has no rows")]
    NoRows,
}

/// Learns from the training table of a project. Other tables only say how many rows to expect.
///
/// # Errors
/// If there is no training table with rows.
pub fn learn(config: &Config) -> Result<Learned, LearnError> {
    if config.data.source(Role::Train).is_none() {
        return Err(LearnError::NoTable);
    }
    let table = read(config, Role::Train).map_err(LearnError::Unreadable)?;
    let others = [Role::Test, Role::Current].into_iter();
    let others = others.filter(|role| config.data.source(*role).is_some());
    let sizes: Vec<u64> = others
        .filter_map(|role| Some(read(config, role).ok()?.n_rows()))
        .collect();
    learn_from(config, &table, &sizes)
}

/// Learns from a table, for others with these numbers of rows.
///
/// # Errors
/// If it has no rows.
pub fn learn_from(
    config: &Config,
    table: &TableView,
    sizes: &[u64],
) -> Result<Learned, LearnError> {
    if table.n_rows() == 0 {
        return Err(LearnError::NoRows);
    }
    let names = table.column_names();
    let mut learned = Learned {
        n_rows: table.n_rows(),
        ..Learned::default()
    };
    let sizes = sizes
        .iter()
        .copied()
        .chain([table.n_rows()])
        .filter(|n| *n > 0);
    let size = |n: Option<u64>| usize::try_from(n.unwrap_or(1)).unwrap_or(usize::MAX);
    let next = Next {
        least: size(sizes.clone().min()),
        most: size(sizes.max()),
    };
    for name in &names {
        learned
            .columns
            .push(columns::learn(config, table, name, next));
    }
    let comparable = numbers(config, table, &names);
    if comparable.len() > MAX_COLUMNS {
        let n = comparable.len();
        let cut = format!(
            "relations: only the first {MAX_COLUMNS} of {n} columns of numbers were compared"
        );
        learned.not_learned.push(cut);
    }
    learned.relations = relations::learn(&comparable);
    Ok(learned)
}

fn read(config: &Config, role: Role) -> Result<Arc<TableView>, Vec<Problem>> {
    let cache = config.state_dir().join("cache");
    let loaded = load::load(&config.load_spec(role), &config.root, &cache);
    let table = loaded.table.ok_or(loaded.problems)?;
    Ok(Arc::clone(&table.view))
}

/// Columns that can be compared: neither target, id nor time, and with a name a rule can hold.
fn numbers(config: &Config, table: &TableView, names: &[&str]) -> Vec<Numbers> {
    let roles = [&config.project.target, &config.data.id, &config.data.time];
    let is_comparable = |name: &&&str| {
        let is_quotable = !(name.contains('\'') && name.contains('"'));
        is_quotable && roles.iter().all(|role| role.as_deref() != Some(**name))
    };
    let unit = |name: &str| {
        let array = table.record_batch().column_by_name(name)?;
        match array.data_type() {
            DataType::Int64 | DataType::Float64 => Some(0),
            DataType::Date32 => Some(1),
            DataType::Timestamp(..) => Some(2),
            _ => None,
        }
    };
    let columns = names.iter().filter(is_comparable).filter_map(|name| {
        let unit = unit(name)?;
        Some(Numbers {
            name: (*name).to_owned(),
            values: table.numbers(name)?,
            unit,
        })
    });
    columns.collect()
}

#[cfg(test)]
mod tests;
