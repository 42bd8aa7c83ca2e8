//! Rows that do not fit: by their label, by themselves, or by a neighbor that is nearly the same.
//!
//! In: the rows of the training table. Out: one outcome per check.
//!
//! `confident`, `rounded`, `binned`, `histogram`, `boosting`, `decorrelated`, `distances`, `apart` and
//! `all_but` compute on slices alone; the other files each hold a check.

pub mod confident;

pub mod rounded;

pub mod binned;

pub mod histogram;

pub mod boosting;

pub mod decorrelated;

pub mod distances;

pub mod apart;

pub mod all_but;

pub(crate) mod label_errors;

pub(crate) mod near_duplicates;

pub(crate) mod almost_duplicates;

pub(crate) mod row_outliers;
