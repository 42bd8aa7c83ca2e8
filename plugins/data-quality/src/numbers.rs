//! How the numbers of a column are distributed.
//!
//! In: the numeric columns of a table. Out: one outcome per check.
//!
//! `spread`, `tail`, `two_groups` and `evenness` compute on slices alone; `column` reads; the other files each hold a check.

pub mod spread;

pub mod tail;

pub mod two_groups;

pub mod evenness;

mod column;

pub(crate) mod infinite_values;

pub(crate) mod zeros;

pub(crate) mod skew;

pub(crate) mod numeric_outliers;

pub(crate) mod unit_mix_ups;

pub(crate) mod uniform;
