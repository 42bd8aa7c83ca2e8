//! What columns say about each other and about the target.
//!
//! In: columns of the training table, in pairs. Out: one outcome per check.
//!
//! `association` and `predictive_power` compute on slices alone; `inputs` reads; the other files
//! each hold a check or its views.

pub mod association;

pub mod predictive_power;

pub(crate) mod inputs;

mod pairs;

pub(crate) mod class_imbalance;

pub(crate) mod correlations;

pub(crate) mod target_correlation;

pub(crate) mod identifier_target;
