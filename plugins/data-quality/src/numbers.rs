//! How the numbers of a column are distributed.
//!
//! In: the numeric columns of a table. Out: one outcome per check.
//!
//! `spread` and `tail` compute on slices alone; `column` reads; the other files each hold a check.

pub mod spread;

pub mod tail;

mod column;

pub(crate) mod infinite_values;

pub(crate) mod zeros;

pub(crate) mod skew;

pub(crate) mod numeric_outliers;
