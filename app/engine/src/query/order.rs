//! Rows in the order of a column.
//!
//! In: a column and positions. Out: the same positions, sorted: numbers and dates by size, texts by
//! their bytes, `false` before `true`; missing values last either way. Rows of equal value keep
//! their order.

use std::cmp::Reverse;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::DataType;

use crate::table::TableView;

/// By which column rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Position of the column in the table.
    pub column: usize,
    /// Whether the greatest comes first.
    pub is_descending: bool,
}

/// Sorts positions.
pub(super) fn sort(table: &TableView, sort: Sort, rows: &mut Vec<u32>) {
    let Some(array) = table.record_batch().columns().get(sort.column) else {
        return;
    };
    if let Some(texts) = array.as_string_opt::<i32>() {
        by(rows, sort, |row| {
            texts.is_valid(row).then(|| texts.value(row))
        });
        return;
    }
    let ranks = ranks(array);
    by(rows, sort, |row| key(array, &ranks, row));
}

fn by<K: Ord + Copy>(rows: &mut Vec<u32>, sort: Sort, key: impl Fn(usize) -> Option<K>) {
    let mut known: Vec<(K, u32, u32)> = Vec::with_capacity(rows.len());
    let mut missing = Vec::new();
    for (place, row) in (0..).zip(rows.iter()) {
        match key(*row as usize) {
            Some(key) => known.push((key, place, *row)),
            None => missing.push(*row),
        }
    }
    if sort.is_descending {
        known.sort_unstable_by_key(|(key, place, _)| (Reverse(*key), *place));
    } else {
        known.sort_unstable_by_key(|(key, place, _)| (*key, *place));
    }
    rows.clear();
    rows.extend(known.into_iter().map(|(_, _, row)| row));
    rows.extend(missing);
}

/// The place of each category in the order of their texts; empty for other columns.
fn ranks(array: &ArrayRef) -> Vec<u64> {
    let dictionary = array.as_dictionary_opt::<Int32Type>();
    let Some(texts) = dictionary.and_then(|known| known.values().as_string_opt::<i32>()) else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|at| texts.value(*at));
    let mut ranks = vec![0; order.len()];
    for (rank, at) in (0..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

/// A value as a number whose order is the order of the values.
fn key(array: &ArrayRef, ranks: &[u64], row: usize) -> Option<u64> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int64 => of_integer(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => of_float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => u64::from(array.as_boolean().value(row)),
        DataType::Date32 => of_integer(array.as_primitive::<Date32Type>().value(row).into()),
        DataType::Timestamp(..) => {
            of_integer(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        _ => *ranks.get(array.as_dictionary_opt::<Int32Type>()?.key(row)?)?,
    })
}

const SIGN: u64 = 1 << 63;

fn of_integer(value: i64) -> u64 {
    value.cast_unsigned() ^ SIGN
}

fn of_float(value: f64) -> u64 {
    // Minus zero is zero.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}
