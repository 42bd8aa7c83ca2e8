//! Rows that do not fit: by their label, by themselves, or by a neighbor that is nearly the same.
//!
//! In: the rows of the training table. Out: one outcome per check.
//!
//! `confident`, `binned` and `boosting` compute on slices alone; the other files each
//! hold a check.

pub mod confident;

pub mod binned;

pub mod boosting;

pub(crate) mod label_errors;

pub(crate) mod near_duplicates;
