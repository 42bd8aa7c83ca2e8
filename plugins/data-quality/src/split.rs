//! Checks of the split: is the test table one the training table says something about, and nothing
//! that it gives away?
//!
//! In: the training table beside the test and the current table. Out: one outcome per check, with
//! the rows behind every finding.
//!
//! `chance`, `scores` and `boosting` compute on slices; `sides` reads the tables column by column;
//! `others` names what is held against the training table.

pub mod chance;

pub mod scores;

pub(crate) mod sides;

pub(crate) mod others;

mod uncovered;

pub(crate) mod sizes;

pub(crate) mod new_labels;

pub(crate) mod new_categories;

pub(crate) mod value_ranges;

pub(crate) mod dates;

pub(crate) mod ids;

pub(crate) mod entities;

pub mod near;

pub(crate) mod near_duplicates;

pub mod boosting;

pub(crate) mod stratification;

pub(crate) mod giveaway;

pub(crate) mod association;

pub(crate) mod domain;
