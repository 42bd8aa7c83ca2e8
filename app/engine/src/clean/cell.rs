//! A cell of a typed column as a value that can be compared, hashed and counted with.
//!
//! In: an Arrow array of a loaded table. Out: [`Cell`]s. Knows no steps and no changes.

use std::borrow::Cow;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;

use crate::load::token::{self, Value};
use crate::table::cell_text;

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Missing,
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Days, or microseconds.
    Time(i64),
    Text(&'a str),
}

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Time,
    Text,
}

impl Kind {
    /// Whether its values are numbers.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    /// For messages: `holds text`.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Int | Self::Float => "numbers",
            Self::Bool => "true and false",
            Self::Time => "dates",
            Self::Text => "text",
        }
    }
}

impl Cell<'_> {
    /// Whether two cells hold the same value; missing equals missing, and 1 equals 1.0.
    pub(super) fn same(self, other: Cell<'_>) -> bool {
        match (self, other) {
            (Cell::Missing, Cell::Missing) => true,
            (Cell::Int(a), Cell::Int(b)) | (Cell::Time(a), Cell::Time(b)) => a == b,
            (Cell::Float(a), Cell::Float(b)) => float_bits(a) == float_bits(b),
            (Cell::Int(a), Cell::Float(b)) | (Cell::Float(b), Cell::Int(a)) => {
                exact_float(a).is_some_and(|a| float_bits(a) == float_bits(b))
            }
            (Cell::Bool(a), Cell::Bool(b)) => a == b,
            (Cell::Text(a), Cell::Text(b)) => a == b,
            _ => false,
        }
    }

    /// Adds the cell to the hash of a row; cells that are the same add the same.
    pub(super) fn add_to(self, hash: u64) -> u64 {
        match self {
            Cell::Missing => mix(hash, 0x9e37_79b9),
            Cell::Int(value) => {
                let bits = exact_float(value).map_or(value.cast_unsigned(), float_bits);
                mix(hash, bits)
            }
            Cell::Float(value) => mix(hash, float_bits(value)),
            Cell::Bool(value) => mix(hash, 2 + u64::from(value)),
            Cell::Time(value) => mix(hash, value.cast_unsigned()),
            Cell::Text(text) => {
                let (chunks, rest) = text.as_bytes().as_chunks::<8>();
                let mut last = [0; 8];
                last[..rest.len()].copy_from_slice(rest);
                let hash = chunks
                    .iter()
                    .fold(hash, |hash, chunk| mix(hash, u64::from_le_bytes(*chunk)));
                mix(mix(hash, u64::from_le_bytes(last)), text.len() as u64)
            }
        }
    }

    /// The value as a number.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Cell::Int(value) => Some(value as f64),
            Cell::Float(value) => Some(value),
            Cell::Text(text) => text_number(text),
            Cell::Missing | Cell::Bool(_) | Cell::Time(_) => None,
        }
    }
}

/// The number a text is.
pub(super) fn text_number(text: &str) -> Option<f64> {
    match token::number(text.trim().as_bytes())? {
        Value::Int(value) => Some(value as f64),
        Value::Float(value) => Some(value),
        Value::Bool(_) | Value::Date(_) | Value::Timestamp(_) | Value::Text => None,
    }
}

/// The float an integer is, if there is one.
fn exact_float(value: i64) -> Option<f64> {
    const LARGEST: u64 = 1 << 53;
    (value.unsigned_abs() <= LARGEST).then_some(value as f64)
}

/// Bits of a float, 0 and -0 alike.
fn float_bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

/// Folds a word into a hash (multiplication to 128 bits, both halves kept).
fn mix(hash: u64, word: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from((hash ^ word).wrapping_add(ODD)) * u128::from(ODD | 1);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high.rotate_left(32)
}

/// The values of a column as loaded.
#[derive(Debug, Clone)]
pub(super) enum Base {
    Int(Int64Array),
    Float(Float64Array),
    Bool(BooleanArray),
    Date(Date32Array),
    Timestamp(TimestampMicrosecondArray),
    Category(Int32Array, StringArray),
    Text(StringArray),
    /// All missing: a column made here.
    Nothing,
}

impl Base {
    /// The values of a column of a loaded table.
    pub(super) fn of(array: &ArrayRef) -> Self {
        match array.data_type() {
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>().clone()),
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(..) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            DataType::Utf8 => Self::Text(array.as_string::<i32>().clone()),
            _ => {
                let dictionary = array.as_dictionary_opt::<Int32Type>();
                let parts = dictionary.and_then(|dictionary| {
                    let values = dictionary.values().as_string_opt::<i32>()?;
                    Some((dictionary.keys().clone(), values.clone()))
                });
                parts.map_or(Self::Nothing, |(codes, values)| {
                    Self::Category(codes, values)
                })
            }
        }
    }

    /// What they are.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Int(_) | Self::Nothing => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Bool(_) => Kind::Bool,
            Self::Date(_) | Self::Timestamp(_) => Kind::Time,
            Self::Category(..) | Self::Text(_) => Kind::Text,
        }
    }

    /// The value of a row.
    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Int(array) if array.is_valid(row) => Cell::Int(array.value(row)),
            Self::Float(array) if array.is_valid(row) => Cell::Float(array.value(row)),
            Self::Bool(array) if array.is_valid(row) => Cell::Bool(array.value(row)),
            Self::Date(array) if array.is_valid(row) => Cell::Time(array.value(row).into()),
            Self::Timestamp(array) if array.is_valid(row) => Cell::Time(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Self::Category(codes, values) if codes.is_valid(row) => {
                let code = usize::try_from(codes.value(row)).unwrap_or(usize::MAX);
                if code < values.len() {
                    Cell::Text(values.value(code))
                } else {
                    Cell::Missing
                }
            }
            _ => Cell::Missing,
        }
    }

    /// The value of a row as text, as the rest of the program shows it.
    pub(super) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Category(..) | Self::Text(_) => match self.cell(row) {
                Cell::Text(text) => Some(Cow::Borrowed(text)),
                _ => None,
            },
            Self::Int(array) => cell_text(array, row).map(Cow::Owned),
            Self::Float(array) => cell_text(array, row).map(Cow::Owned),
            Self::Bool(array) => cell_text(array, row).map(Cow::Owned),
            Self::Date(array) => cell_text(array, row).map(Cow::Owned),
            Self::Timestamp(array) => cell_text(array, row).map(Cow::Owned),
            Self::Nothing => None,
        }
    }

    /// The cell a text is in a column of this kind.
    pub(super) fn cell_of<'t>(&self, text: &'t str) -> Cell<'t> {
        if self.kind() == Kind::Text {
            return Cell::Text(text);
        }
        match (token::classify(text.trim().as_bytes()), self) {
            (Value::Int(value), Self::Float(_)) => Cell::Float(value as f64),
            (Value::Int(value), _) => Cell::Int(value),
            (Value::Float(value), _) => Cell::Float(value),
            (Value::Bool(value), _) => Cell::Bool(value),
            (Value::Date(days), Self::Timestamp(_)) => {
                Cell::Time(crate::load::column::midnight(days))
            }
            (Value::Date(days), _) => Cell::Time(days.into()),
            (Value::Timestamp(micros), _) => Cell::Time(micros),
            (Value::Text, _) => Cell::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_is_the_same_in_either_type_of_number() {
        let (int, float) = (Cell::Int(3), Cell::Float(3.0));
        assert!(int.same(float));
        assert_eq!(int.add_to(7), float.add_to(7));
        assert!(Cell::Float(0.0).same(Cell::Float(-0.0)));
        assert!(!Cell::Int(i64::MAX).same(Cell::Float(i64::MAX as f64)));
        assert!(!Cell::Missing.same(Cell::Text("")));
        assert_ne!(Cell::Text("ab").add_to(1), Cell::Text("ab\0").add_to(1));
    }
}
