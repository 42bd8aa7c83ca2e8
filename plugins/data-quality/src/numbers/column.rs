//! The numeric columns of a table.
//!
//! In: a table and what the project file says. Out: names and numbers, NaN where missing.

use interlock_plugin_api::{CheckError, ColumnKind, Context, Table};

use crate::conclusion;

/// One numeric column.
pub(crate) struct Numbers {
    pub name: String,
    /// One per row; NaN is missing.
    pub values: Vec<f64>,
}

impl Numbers {
    /// Rows with a value, infinite ones counted.
    pub(crate) fn n_present(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// Rows a condition holds for, ascending.
    pub(crate) fn rows(&self, holds: impl Fn(f64) -> bool) -> Vec<usize> {
        let kept = self.values.iter().enumerate();
        kept.filter(|(_, value)| holds(**value))
            .map(|(row, _)| row)
            .collect()
    }
}

/// The columns to be read as numbers, in table order: no id, no time, no class target.
///
/// # Errors
/// If a column's memory does not hold together.
pub(crate) fn numeric(ctx: &Context, table: &Table<'_>) -> Result<Vec<Numbers>, CheckError> {
    table
        .columns()
        .filter(|column| column.is_numeric() && column.kind() == ColumnKind::Numeric)
        .filter(|column| conclusion::is_looked_at(ctx, column.name()))
        .map(|column| {
            Ok(Numbers {
                name: column.name().to_owned(),
                values: column.numbers()?,
            })
        })
        .collect()
}
