//! Questions to a loaded table: which rows, in which order, where a text stands, what is most alike,
//! which rows belong together.
//!
//! In: a [`TableView`] and positions of rows. Out: positions of rows. Everything is exact and pure;
//! a million rows take up to a second, so that a screen asks in a thread of its own.

mod matcher;

mod terms;

mod order;

mod hits;

mod alike;

mod groups;

pub use alike::{nearest, nearest_in};
pub use groups::{Groups, groups};
pub use hits::{Hit, Hits};
pub use order::Sort;
pub use terms::{Comparison, Filter, Term};

use crate::table::TableView;

/// Positions of the rows that pass a filter, sorted; of all rows, or of `base`. Rows outside the
/// table are left out.
pub fn select(
    table: &TableView,
    base: Option<&[u64]>,
    filter: &Filter,
    sort: Option<Sort>,
) -> Vec<u32> {
    // Positions beyond four thousand million rows are not shown.
    let n_rows = u32::try_from(table.n_rows()).unwrap_or(u32::MAX);
    let mut rows: Vec<u32> = match base {
        None => (0..n_rows).collect(),
        Some(base) => base
            .iter()
            .filter_map(|row| u32::try_from(*row).ok())
            .filter(|row| *row < n_rows)
            .collect(),
    };
    terms::retain(table, filter, &mut rows);
    if let Some(sort) = sort {
        order::sort(table, sort, &mut rows);
    }
    rows
}

#[cfg(test)]
mod tests;
