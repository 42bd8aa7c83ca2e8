//! The two sides of a split.
//!
//! In: the tables that are there. Out: the training table and those to hold against it, and how a
//! column is named when there are several.

use interlock_plugin_api::{CheckError, Role, Table};

/// Confidence of every interval.
pub(crate) const LEVEL: f64 = 0.95;

/// The tables to hold against the first, the training table.
///
/// # Errors
/// If there is none.
pub(crate) fn others<'t, 'd>(
    tables: &'t [Table<'d>],
) -> Result<(&'t Table<'d>, &'t [Table<'d>]), CheckError> {
    match tables.split_first() {
        Some((train, others)) if !others.is_empty() => Ok((train, others)),
        _ => Err(CheckError::missing_input(
            "no test or current table to hold against train",
        )),
    }
}

/// `test: ` before a column's name if there is more than one table to name.
pub(crate) fn of_table(role: Role, n_tables: usize, name: &str) -> String {
    if n_tables > 1 {
        format!("{}: {name}", role.name())
    } else {
        name.to_owned()
    }
}
