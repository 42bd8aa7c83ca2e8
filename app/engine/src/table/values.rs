//! A column's values as plain vectors.
//!
//! In: an Arrow array of a normalized type. Out: numbers, or codes into distinct texts.

use std::collections::{HashMap, HashSet};

use arrow_array::Array;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::DataType;

/// Code of a missing value.
pub(super) const MISSING: u32 = u32::MAX;

/// One number per row; NaN is missing. Dates are days, points in time seconds. `None` for text.
pub(super) fn numbers(array: &dyn Array) -> Option<Vec<f64>> {
    let missing = f64::NAN;
    Some(match array.data_type() {
        DataType::Int64 => array
            .as_primitive::<Int64Type>()
            .iter()
            .map(|value| value.map_or(missing, |value| value as f64))
            .collect(),
        DataType::Float64 => array
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| value.unwrap_or(missing))
            .collect(),
        DataType::Boolean => array
            .as_boolean()
            .iter()
            .map(|value| value.map_or(missing, |value| f64::from(u8::from(value))))
            .collect(),
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .iter()
            .map(|value| value.map_or(missing, f64::from))
            .collect(),
        DataType::Timestamp(..) => array
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .map(|value| value.map_or(missing, |value| value as f64 / 1e6))
            .collect(),
        _ => return None,
    })
}

/// There are fewer texts than rows, and fewer rows than codes.
fn code(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(MISSING)
}

/// A code per row, and the texts in order of first appearance; `shown` gives a cell's text.
pub(super) fn categories(
    array: &dyn Array,
    shown: impl Fn(usize) -> Option<String>,
) -> (Vec<u32>, Vec<String>) {
    if let DataType::Dictionary(..) = array.data_type()
        && let Some(dictionary) = array.as_dictionary_opt::<Int32Type>()
    {
        // Texts are looked up once per category, not once per row.
        let mut codes = Vec::with_capacity(array.len());
        let mut names = Vec::new();
        let mut known: HashMap<i32, u32> = HashMap::new();
        let keys = dictionary.keys();
        for row in 0..array.len() {
            let code = if keys.is_null(row) {
                MISSING
            } else {
                *known.entry(keys.value(row)).or_insert_with(|| {
                    names.push(shown(row).unwrap_or_default());
                    code(names.len() - 1)
                })
            };
            codes.push(code);
        }
        return (codes, names);
    }
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, u32> = HashMap::new();
    let codes = (0..array.len())
        .map(|row| match shown(row) {
            None => MISSING,
            Some(text) => *known.entry(text).or_insert_with_key(|text| {
                names.push(text.clone());
                code(names.len() - 1)
            }),
        })
        .collect();
    (codes, names)
}

/// The first `limit` distinct texts in order of first appearance; `shown` gives a cell's text.
pub(super) fn distinct(
    array: &dyn Array,
    limit: usize,
    shown: impl Fn(usize) -> Option<String>,
) -> Vec<String> {
    let dictionary = array.as_dictionary_opt::<Int32Type>();
    // Texts are looked up once per category, not once per row.
    let mut is_seen = vec![false; dictionary.map_or(0, |dictionary| dictionary.values().len())];
    let mut is_again = |row: usize| {
        let code = dictionary.and_then(|dictionary| dictionary.key(row));
        let seen = code.and_then(|code| is_seen.get_mut(code));
        seen.is_some_and(|seen| std::mem::replace(seen, true))
    };
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for row in 0..array.len() {
        if found.len() == limit {
            break;
        }
        if is_again(row) {
            continue;
        }
        if let Some(text) = shown(row).filter(|text| !known.contains(text)) {
            known.insert(text.clone());
            found.push(text);
        }
    }
    found
}
