//! What a column looks like: moments, quantiles and a histogram, or its values and their lengths.
//!
//! In: a column of a [`TableView`]. Out: a [`ColumnProfile`], and a [`Comparison`] of the same column
//! in several tables over common bins. Exact and pure: every row is looked at, nothing is sampled.
//! Quantiles, moments and counts are those of pandas (`describe`, `skew`, `kurt`, `nunique`), over
//! finite values; infinite ones are counted apart.

mod numbers;

mod values;

mod compare;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::DataType;
use interlock_plugin_api::calendar;
use interlock_plugin_api::outcome::Role;

pub use compare::{Comparison, compare};
pub use numbers::{Histogram, NumberProfile, QUANTILES};
pub use values::{MAX_TOP, ValueProfile};

use crate::table::{TableView, cell_text};

/// What is known of the columns of a project's tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// By table and name.
    pub columns: BTreeMap<(Role, String), Arc<ColumnProfile>>,
    /// The same column in all tables that have it, by name.
    pub comparisons: BTreeMap<String, Arc<Comparison>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    /// Rows.
    pub n: u64,
    /// Rows without a value.
    pub n_missing: u64,
    /// Different values; all not-a-numbers and missing ones aside.
    pub n_distinct: u64,
    /// What its values look like.
    pub shape: Shape,
}

/// What values look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Numbers, or points in time counted in some unit.
    Numbers(Unit, NumberProfile),
    /// Texts, categories, truth values.
    Values(ValueProfile),
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Itself.
    Plain,
    /// Days since 1970.
    Days,
    /// Seconds since 1970.
    Seconds,
}

impl Unit {
    /// A point in time for people; `None` for plain numbers.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded down to the second; a float out of range saturates"
    )]
    pub fn text(self, value: f64) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::Days => Some(calendar::date_text(value.floor() as i64)),
            Self::Seconds => Some(calendar::timestamp_text(
                (value.floor() as i64).saturating_mul(1_000_000),
            )),
        }
    }
}

impl ColumnProfile {
    /// The share of rows without a value; 0 for a table without rows.
    pub fn missing_share(&self) -> f64 {
        if self.n == 0 {
            0.0
        } else {
            self.n_missing as f64 / self.n as f64
        }
    }
}

/// The profile of a column; `None` if there is none of this position.
pub fn profile(table: &TableView, column: usize) -> Option<ColumnProfile> {
    let array = table.record_batch().columns().get(column)?;
    let n = array.len() as u64;
    let n_missing = array.null_count() as u64;
    if let Some((unit, known)) = known_numbers(array) {
        let (shape, n_distinct) = match known {
            Numbers::Whole(values) => numbers::of_integers(values),
            Numbers::Real(values) => numbers::of_floats(values),
        };
        return Some(ColumnProfile {
            n,
            n_missing,
            n_distinct,
            shape: Shape::Numbers(unit, shape),
        });
    }
    let shape = values::of(array, |row| cell_text(array, row));
    Some(ColumnProfile {
        n,
        n_missing,
        n_distinct: shape.n_distinct,
        shape: Shape::Values(shape),
    })
}

/// Values that are there.
enum Numbers {
    Whole(Vec<i64>),
    Real(Vec<f64>),
}

fn known_numbers(array: &dyn Array) -> Option<(Unit, Numbers)> {
    Some(match array.data_type() {
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().iter().flatten();
            (Unit::Plain, Numbers::Whole(values.collect()))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().iter().flatten();
            let values = values.filter(|value| !value.is_nan());
            (Unit::Plain, Numbers::Real(values.collect()))
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().iter().flatten();
            (Unit::Days, Numbers::Whole(values.map(i64::from).collect()))
        }
        DataType::Timestamp(..) => {
            let values = array.as_primitive::<TimestampMicrosecondType>();
            let seconds = values.iter().flatten().map(|value| value as f64 / 1e6);
            (Unit::Seconds, Numbers::Real(seconds.collect()))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
