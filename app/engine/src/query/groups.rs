//! Which rows belong together: duplicates, near duplicates, equal rows with other targets.
//!
//! In: rows of a table, as a finding names them. Out: [`Groups`] of rows that are equal in all columns
//! but a few that no group needs (an id, the target); rows that equal no other are put to the most
//! alike one, if there is one nearly the same. Knows no check: what may differ is read from the rows.
//!
//! Time grows with the square of the rows that equal no other, so that a caller bounds them.

use std::collections::HashMap;

use arrow_array::ArrayRef;

use crate::table::{TableView, cell_text};

/// Rows by what they have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups {
    /// Positions in the table, ascending within a group; the group with the first row comes first. A
    /// row that is like no other is a group of its own.
    pub groups: Vec<Vec<u32>>,
    /// Positions of columns in which rows of a group may differ.
    pub free: Vec<usize>,
}

/// Columns that rows of one group may differ in at most, and at most half of all.
const MAX_FREE: usize = 3;

/// Rows are nearly the same if they are no more unlike than if this share of their cells were others.
/// Another spelling counts a tenth of another value, a number by how far it lies off.
const NEAR: f64 = 0.1;

/// Groups of rows; each row is in one group.
pub fn groups(table: &TableView, rows: &[u32]) -> Groups {
    let n_rows = table.n_rows();
    let mut rows: Vec<u32> = rows.to_vec();
    rows.retain(|row| u64::from(*row) < n_rows);
    rows.sort_unstable();
    rows.dedup();
    let arrays = table.record_batch().columns();
    let columns: Vec<Cells> = arrays.iter().map(|array| Cells::of(array, &rows)).collect();
    let hashes = Hashes::of(&columns, rows.len());
    let free = free(&hashes, &columns);
    let mut label: Vec<usize> = hashes.first_equal(&free);
    let n_members = counted(&label);
    let single: Vec<usize> = (0..rows.len())
        .filter(|at| n_members[label[*at]] == 1)
        .collect();
    for at in single {
        if let Some(other) = most_alike(&columns, at, rows.len()) {
            join(&mut label, at, other);
        }
    }
    let mut groups: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
    for (row, label) in rows.iter().zip(&label) {
        groups[*label].push(*row);
    }
    groups.retain(|group| !group.is_empty());
    groups.sort_by_key(|group| group[0]);
    Groups { groups, free }
}

/// The cells of the rows in one column.
struct Cells {
    /// Equal texts have equal codes.
    codes: Vec<u32>,
    n_codes: usize,
    /// Equal if letter case and blanks are left aside.
    folded: Vec<u32>,
    /// Their numbers, if all that are there are numbers, and how far apart they lie at most.
    numbers: Option<(Vec<f64>, f64)>,
}

impl Cells {
    fn of(array: &ArrayRef, rows: &[u32]) -> Self {
        let mut known: HashMap<Option<String>, u32> = HashMap::new();
        let mut fold_known: HashMap<String, u32> = HashMap::new();
        let (mut codes, mut folds, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let text = cell_text(array, *row as usize);
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let code = *known.entry(text.clone()).or_insert(next);
            if folds.len() == code as usize {
                let next = u32::try_from(fold_known.len()).unwrap_or(u32::MAX);
                let text = text.unwrap_or_default();
                values.push(text.parse().unwrap_or(f64::NAN));
                folds.push(*fold_known.entry(fold(&text)).or_insert(next));
            }
            codes.push(code);
        }
        let missing = known.get(&None).copied();
        let is_known = |code: &usize| missing.is_none_or(|missing| missing as usize != *code);
        let finite = (0..values.len()).filter(is_known).map(|code| values[code]);
        let (low, high) = finite
            .clone()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |ends, value| {
                (ends.0.min(value), ends.1.max(value))
            });
        let is_numeric = finite.clone().count() > 0 && finite.clone().all(f64::is_finite);
        let of_code = |codes: &[u32]| codes.iter().map(|code| values[*code as usize]).collect();
        Self {
            numbers: is_numeric.then(|| (of_code(&codes), high - low)),
            folded: codes.iter().map(|code| folds[*code as usize]).collect(),
            n_codes: known.len(),
            codes,
        }
    }

    /// How unlike two cells are, 0 to 1.
    fn distance(&self, a: usize, b: usize) -> f64 {
        if self.codes[a] == self.codes[b] {
            return 0.0;
        }
        if let Some((numbers, span)) = &self.numbers {
            let apart = (numbers[a] - numbers[b]).abs() / span;
            // A missing cell, or numbers beyond all bounds.
            return if apart.is_finite() { apart } else { 1.0 };
        }
        if self.folded[a] == self.folded[b] {
            0.1
        } else {
            1.0
        }
    }
}

/// Lower case, one blank between words, none around.
fn fold(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Rows as sums of the hashes of their cells, so that a column is left aside by taking its part away.
struct Hashes {
    /// By column, then by row.
    cells: Vec<Vec<u64>>,
    rows: Vec<u64>,
}

impl Hashes {
    fn of(columns: &[Cells], n_rows: usize) -> Self {
        let mut rows = vec![0_u64; n_rows];
        let mut cells = Vec::new();
        for (at, column) in (1_u64..).zip(columns) {
            let hash = |code: &u32| mixed(at << 32 | u64::from(*code));
            let part: Vec<u64> = column.codes.iter().map(hash).collect();
            for (row, part) in rows.iter_mut().zip(&part) {
                *row = row.wrapping_add(*part);
            }
            cells.push(part);
        }
        Self { cells, rows }
    }

    fn without(&self, free: &[usize]) -> Vec<u64> {
        let mut rows = self.rows.clone();
        for column in free {
            for (row, part) in rows.iter_mut().zip(&self.cells[*column]) {
                *row = row.wrapping_sub(*part);
            }
        }
        rows
    }

    /// For each row the first one that equals it in all columns but these.
    fn first_equal(&self, free: &[usize]) -> Vec<usize> {
        let mut first: HashMap<u64, usize> = HashMap::new();
        let rows = self.without(free).into_iter().enumerate();
        rows.map(|(at, hash)| *first.entry(hash).or_insert(at))
            .collect()
    }

    /// How many rows equal no other in all columns but these.
    fn n_single(&self, free: &[usize]) -> usize {
        let n_members = counted(&self.first_equal(free));
        n_members.iter().filter(|n| **n == 1).count()
    }
}

/// A number whose every bit depends on every bit (the finalizer of `SplitMix64`).
fn mixed(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// How many carry each label.
fn counted(label: &[usize]) -> Vec<usize> {
    let mut n_members = vec![0; label.len()];
    for label in label {
        n_members[*label] += 1;
    }
    n_members
}

/// The fewest columns that must be left aside for every row to equal another; none if more than
/// [`MAX_FREE`] would have to be.
fn free(hashes: &Hashes, columns: &[Cells]) -> Vec<usize> {
    let n_rows = hashes.rows.len();
    let mut free: Vec<usize> = Vec::new();
    let mut n_single = hashes.n_single(&free);
    while n_single > 0 {
        if free.len() == MAX_FREE.min(columns.len() / 2) {
            return Vec::new();
        }
        let with = |column: usize| [&free[..], &[column]].concat();
        let left = (0..columns.len()).filter(|column| !free.contains(column));
        let best = left
            .clone()
            .map(|column| (hashes.n_single(&with(column)), column))
            .min();
        let Some((n, column)) = best else { break };
        if n < n_single {
            free.push(column);
            n_single = n;
            continue;
        }
        // A column that is different in every row hides what the others have in common.
        let Some(id) = left
            .clone()
            .find(|column| columns[*column].n_codes == n_rows)
        else {
            return Vec::new();
        };
        free.push(id);
    }
    for column in free.clone() {
        let fewer: Vec<usize> = free
            .iter()
            .copied()
            .filter(|other| *other != column)
            .collect();
        if hashes.n_single(&fewer) == 0 {
            free = fewer;
        }
    }
    free.sort_unstable();
    free
}

/// The row most like this one, if it is nearly the same.
fn most_alike(columns: &[Cells], at: usize, n_rows: usize) -> Option<usize> {
    let mut best = ((columns.len() as f64 * NEAR).max(0.5), None);
    for other in (0..n_rows).filter(|other| *other != at) {
        let mut distance = 0.0;
        for column in columns {
            distance += column.distance(at, other);
            if distance >= best.0 {
                break;
            }
        }
        if distance < best.0 {
            best = (distance, Some(other));
        }
    }
    best.1
}

/// Puts the groups of two rows together.
fn join(label: &mut [usize], a: usize, b: usize) {
    let (from, to) = (label[a].max(label[b]), label[a].min(label[b]));
    for label in label.iter_mut().filter(|label| **label == from) {
        *label = to;
    }
}
