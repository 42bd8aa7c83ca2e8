//! The rows most like a given one: its duplicates first, then near ones.
//!
//! In: positions, one of them chosen. Out: the others with how many of their cells differ.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::DataType;

use crate::table::TableView;

/// Up to `n` other rows with the fewest cells that differ from `row`, and how many do; of equally
/// many the row that stands first. Two missing values do not differ.
pub fn nearest(table: &TableView, rows: &[u32], row: u32, n: usize) -> Vec<(u32, u32)> {
    if u64::from(row) >= table.n_rows() {
        return Vec::new();
    }
    let others: Vec<u32> = rows.iter().copied().filter(|other| *other != row).collect();
    let mut n_different = vec![0_u32; others.len()];
    for array in table.record_batch().columns() {
        count(array, row as usize, &others, &mut n_different);
    }
    let mut found: Vec<(u32, u32)> = others.into_iter().zip(n_different).collect();
    let order = |pair: &(u32, u32)| (pair.1, pair.0);
    if found.len() > n && n > 0 {
        found.select_nth_unstable_by_key(n - 1, order);
    }
    found.truncate(n);
    found.sort_by_key(order);
    found
}

/// Adds one for every row whose cell differs.
fn count(array: &ArrayRef, row: usize, others: &[u32], counts: &mut [u32]) {
    match array.data_type() {
        DataType::Int64 => count_values::<Int64Type>(array, row, others, counts),
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            let of = |row: usize| {
                values
                    .is_valid(row)
                    .then(|| (values.value(row) + 0.0).to_bits())
            };
            add(&of, row, others, counts);
        }
        DataType::Date32 => count_values::<Date32Type>(array, row, others, counts),
        DataType::Timestamp(..) => {
            count_values::<TimestampMicrosecondType>(array, row, others, counts);
        }
        DataType::Boolean => {
            let values = array.as_boolean();
            let of = |row: usize| values.is_valid(row).then(|| values.value(row));
            add(&of, row, others, counts);
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            let of = |row: usize| texts.is_valid(row).then(|| texts.value(row));
            add(&of, row, others, counts);
        }
        _ => {
            let dictionary = array.as_dictionary_opt::<Int32Type>();
            let of = |row: usize| dictionary.and_then(|known| known.key(row));
            add(&of, row, others, counts);
        }
    }
}

fn count_values<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    row: usize,
    others: &[u32],
    counts: &mut [u32],
) where
    T::Native: PartialEq,
{
    let values: &PrimitiveArray<T> = array.as_primitive::<T>();
    let of = |row: usize| values.is_valid(row).then(|| values.value(row));
    add(&of, row, others, counts);
}

fn add<V: PartialEq>(
    of: &impl Fn(usize) -> Option<V>,
    row: usize,
    others: &[u32],
    counts: &mut [u32],
) {
    let own = of(row);
    for (other, count) in others.iter().zip(counts) {
        *count += u32::from(of(*other as usize) != own);
    }
}
