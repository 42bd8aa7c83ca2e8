//! Whether the order of rows says something.
//!
//! In: the rows of the training table, in the order of the file or of time. Out: one outcome.
//!
//! `sequence`, `stationarity` and `spectrum` compute on slices alone; `judged` applies them to columns.

pub mod sequence;

pub mod stationarity;

pub mod spectrum;

mod judged;

pub(crate) mod order_dependence;
