//! Rows that do not fit: by their label, by themselves, or by a neighbor that is nearly the same.
//!
//! In: the rows of the training table. Out: one outcome per check.
//!
//! `confident`, `binned`, `boosting`, `distances` and `apart` compute on slices alone; the other
//! files each hold a check.

pub mod confident;

pub mod binned;

pub mod boosting;

pub mod distances;

pub mod apart;

pub(crate) mod label_errors;

pub(crate) mod near_duplicates;

pub(crate) mod row_outliers;
