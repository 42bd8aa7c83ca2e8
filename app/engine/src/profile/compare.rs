//! One column in several tables, over common bins.
//!
//! In: tables with their roles, a column's name. Out: a [`Comparison`]: counts per bin or value, so
//! that shares can be laid side by side.

use interlock_plugin_api::outcome::Role;

use super::numbers::edges;
use super::values::{MAX_TOP, counts};
use super::{Numbers, Unit, known_numbers};
use crate::table::{TableView, cell_text};

/// Counts over the same bins in every table that has the column.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What numbers count; plain for values.
    pub unit: Unit,
    /// Borders of the bins for numbers, one more than bins; empty for values.
    pub edges: Vec<f64>,
    /// The values for others, most frequent in the first table first; empty for numbers.
    pub values: Vec<String>,
    /// Rows of each table in each bin or value, and those in no bin: missing, infinite or rarer.
    pub counts: Vec<(Role, Vec<u64>, u64)>,
}

/// A table, its rows, what its numbers count, and the numbers.
type NumberColumn = (Role, usize, Unit, Vec<f64>);

/// A table, its rows, and how many have each value.
type ValueColumn = (Role, u64, Vec<(String, u64)>);

/// The column of this name in the tables; `None` if no table has it, or not all as the same kind.
pub fn compare(tables: &[(Role, &TableView)], name: &str) -> Option<Comparison> {
    let arrays: Vec<(Role, &arrow_array::ArrayRef)> = tables
        .iter()
        .filter_map(|(role, table)| Some((*role, table.record_batch().column_by_name(name)?)))
        .collect();
    if arrays.is_empty() {
        return None;
    }
    let numbers: Option<Vec<NumberColumn>> = arrays
        .iter()
        .map(|(role, array)| {
            let (unit, known) = known_numbers(array)?;
            let values = match known {
                Numbers::Whole(values) => values.into_iter().map(|value| value as f64).collect(),
                Numbers::Real(values) => values,
            };
            Some((*role, array.len(), unit, values))
        })
        .collect();
    if let Some(numbers) = numbers {
        return of_numbers(&numbers);
    }
    let all: Vec<ValueColumn> = arrays
        .iter()
        .map(|(role, array)| {
            let known = counts(array, |row| cell_text(array, row));
            (*role, array.len() as u64, known)
        })
        .collect();
    // The most frequent of each table, those of the first table first.
    let mut values: Vec<String> = Vec::new();
    for (_, _, known) in &all {
        for (text, _) in known.iter().take(MAX_TOP) {
            if values.len() < MAX_TOP && !values.contains(text) {
                values.push(text.clone());
            }
        }
    }
    let counts = all.into_iter().map(|(role, n, known)| {
        let mut per_value = vec![0; values.len()];
        for (text, count) in known {
            if let Some(at) = values.iter().position(|value| *value == text) {
                per_value[at] = count;
            }
        }
        let n_rest = n - per_value.iter().sum::<u64>();
        (role, per_value, n_rest)
    });
    Some(Comparison {
        unit: Unit::Plain,
        edges: Vec::new(),
        counts: counts.collect(),
        values,
    })
}

fn of_numbers(tables: &[NumberColumn]) -> Option<Comparison> {
    let unit = tables.first()?.2;
    if tables.iter().any(|(_, _, other, _)| *other != unit) {
        return None;
    }
    let finite = || {
        let values = tables.iter().flat_map(|(_, _, _, values)| values);
        values.copied().filter(|value| value.is_finite())
    };
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let edges = if low <= high {
        let are_whole =
            finite().all(|value| value.abs() < 9e15 && value.fract().abs() < f64::MIN_POSITIVE);
        edges(low, high, are_whole)
    } else {
        Vec::new()
    };
    let n_bins = edges.len().saturating_sub(1);
    let counts = tables.iter().map(|(role, n_rows, _, values)| {
        let mut per_bin = vec![0_u64; n_bins];
        for value in values.iter().filter(|value| value.is_finite()) {
            // The bin whose lower border is the last not above the value.
            let after = edges.partition_point(|edge| edge <= value);
            per_bin[after.clamp(1, n_bins) - 1] += 1;
        }
        let n_rest = *n_rows as u64 - per_bin.iter().sum::<u64>();
        (*role, per_bin, n_rest)
    });
    let counts = counts.collect();
    Some(Comparison {
        unit,
        edges,
        values: Vec::new(),
        counts,
    })
}
