//! Questions to a loaded table: which rows, in which order, where a text stands, what is most alike.
//!
//! In: a [`TableView`] and positions of rows. Out: positions of rows. Everything is exact and pure;
//! a million rows take up to a second, so that a screen asks in a thread of its own.

mod matcher;

mod terms;

mod order;

mod alike;

pub use alike::nearest;
pub use order::Sort;
pub use terms::{Comparison, Filter, Term};

use crate::table::TableView;
use matcher::Matcher;

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

/// The next cell that holds a text, letter case aside, after the cell `from` (position among `rows`
/// and among `columns`) and once around; backwards if asked. `None` if no cell does.
pub fn find(
    table: &TableView,
    (rows, columns): (&[u32], &[usize]),
    needle: &str,
    from: (usize, usize),
    is_backwards: bool,
) -> Option<(usize, usize)> {
    let arrays = table.record_batch().columns();
    let matchers: Vec<Matcher<'_>> = columns
        .iter()
        .filter_map(|column| Some(Matcher::new(arrays.get(*column)?, needle)))
        .collect();
    let n_columns = matchers.len();
    let n = rows.len().checked_mul(n_columns).filter(|n| *n > 0)?;
    let start = from.0 * n_columns + from.1;
    (1..=n)
        .map(|step| {
            if is_backwards {
                (start + n - step) % n
            } else {
                (start + step) % n
            }
        })
        .map(|cell| (cell / n_columns, cell % n_columns))
        .find(|(row, column)| matchers[*column].holds(rows[*row] as usize))
}

#[cfg(test)]
mod tests;
