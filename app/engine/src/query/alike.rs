//! The rows most like a given one: its duplicates first, then near ones.
//!
//! In: positions, one of them chosen; the others may stand in another table. Out: the others with how
//! many of their cells differ.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, ArrowPrimitiveType};
use arrow_schema::DataType;

use crate::table::{TableView, cell_text};

/// Up to `n` other rows with the fewest cells that differ from `row`, and how many do; of equally
/// many the row that stands first. Two missing values do not differ.
pub fn nearest(table: &TableView, rows: &[u32], row: u32, n: usize) -> Vec<(u32, u32)> {
    let others: Vec<u32> = rows.iter().copied().filter(|other| *other != row).collect();
    nearest_in((table, row), (table, others), n)
}

/// The same among rows of another table; columns are told by their names, and those that only one of
/// the tables has are left aside.
pub fn nearest_in(
    (table, row): (&TableView, u32),
    (other, rows): (&TableView, Vec<u32>),
    n: usize,
) -> Vec<(u32, u32)> {
    if u64::from(row) >= table.n_rows() {
        return Vec::new();
    }
    let mut n_different = vec![0_u32; rows.len()];
    let names = table.column_names();
    for (name, array) in names.iter().zip(table.record_batch().columns()) {
        let twin = other.column_idx(name);
        let twin = twin.and_then(|column| other.record_batch().columns().get(column));
        if let Some(twin) = twin {
            count((array, row as usize), (twin, &rows), &mut n_different);
        }
    }
    let mut found: Vec<(u32, u32)> = rows.into_iter().zip(n_different).collect();
    let order = |pair: &(u32, u32)| (pair.1, pair.0);
    if found.len() > n && n > 0 {
        found.select_nth_unstable_by_key(n - 1, order);
    }
    found.truncate(n);
    found.sort_by_key(order);
    found
}

/// Adds one for every row whose cell differs from the one of `row` in `array`.
fn count((array, row): (&ArrayRef, usize), (twin, rows): (&ArrayRef, &[u32]), counts: &mut [u32]) {
    if is_dictionary(array) && is_dictionary(twin) {
        return count_categories((array, row), (twin, rows), counts);
    }
    if is_number(array) && is_number(twin) && array.data_type() != twin.data_type() {
        let own = value(array, row);
        return add(&|row| value(twin, row), own.as_ref(), rows, counts);
    }
    if array.data_type() != twin.data_type() {
        let own = cell_text(array, row);
        return add(&|row| cell_text(twin, row), own.as_ref(), rows, counts);
    }
    match array.data_type() {
        DataType::Int64 => count_values::<Int64Type>((array, row), (twin, rows), counts),
        DataType::Date32 => count_values::<Date32Type>((array, row), (twin, rows), counts),
        DataType::Timestamp(..) => {
            count_values::<TimestampMicrosecondType>((array, row), (twin, rows), counts);
        }
        DataType::Float64 => {
            let own = value(array, row);
            add(&|row| value(twin, row), own.as_ref(), rows, counts);
        }
        DataType::Boolean => {
            let of = |array: &ArrayRef, row: usize| {
                let values = array.as_boolean();
                values.is_valid(row).then(|| values.value(row))
            };
            let own = of(array, row);
            add(&|row| of(twin, row), own.as_ref(), rows, counts);
        }
        DataType::Utf8 => {
            let (own, texts) = (array.as_string::<i32>(), twin.as_string::<i32>());
            let own = own.is_valid(row).then(|| own.value(row));
            let of = |row: usize| texts.is_valid(row).then(|| texts.value(row));
            add(&of, own.as_ref(), rows, counts);
        }
        _ => {
            let own = cell_text(array, row);
            add(&|row| cell_text(twin, row), own.as_ref(), rows, counts);
        }
    }
}

fn is_number(array: &ArrayRef) -> bool {
    matches!(array.data_type(), DataType::Int64 | DataType::Float64)
}

/// Whole numbers beside fractions, as where only one of the tables has missing values.
fn value(array: &ArrayRef, row: usize) -> Option<u64> {
    if array.is_null(row) {
        return None;
    }
    let value = match array.as_primitive_opt::<Int64Type>() {
        Some(whole) => whole.value(row) as f64,
        None => array.as_primitive::<Float64Type>().value(row),
    };
    // The two zeros are one value.
    Some((value + 0.0).to_bits())
}

fn is_dictionary(array: &ArrayRef) -> bool {
    let dictionary = array.as_dictionary_opt::<Int32Type>();
    dictionary.is_some_and(|known| known.values().as_string_opt::<i32>().is_some())
}

/// Each table has its own numbers for the same texts.
fn count_categories(
    (array, row): (&ArrayRef, usize),
    (twin, rows): (&ArrayRef, &[u32]),
    counts: &mut [u32],
) {
    let Some(dictionary) = twin.as_dictionary_opt::<Int32Type>() else {
        return;
    };
    let own = cell_text(array, row);
    let texts = dictionary.values().as_string_opt::<i32>();
    let key = own.as_ref().map(|own| {
        let known = texts.into_iter().flatten();
        // A text that the other table lacks differs from all of its own.
        known
            .into_iter()
            .position(|text| text == Some(own))
            .unwrap_or(usize::MAX)
    });
    add(&|row| dictionary.key(row), key.as_ref(), rows, counts);
}

fn count_values<T: ArrowPrimitiveType>(
    (array, row): (&ArrayRef, usize),
    (twin, rows): (&ArrayRef, &[u32]),
    counts: &mut [u32],
) where
    T::Native: PartialEq,
{
    let (own, values) = (array.as_primitive::<T>(), twin.as_primitive::<T>());
    let own = own.is_valid(row).then(|| own.value(row));
    let of = |row: usize| values.is_valid(row).then(|| values.value(row));
    add(&of, own.as_ref(), rows, counts);
}

fn add<V: PartialEq>(
    of: &impl Fn(usize) -> Option<V>,
    own: Option<&V>,
    rows: &[u32],
    counts: &mut [u32],
) {
    for (row, count) in rows.iter().zip(counts) {
        *count += u32::from(of(*row as usize).as_ref() != own);
    }
}
