//! Bias checks: whether the model treats groups of people differently.
//!
//! In: a table, the model and the columns the project file calls sensitive. Out: two checks,
//! demographic parity (who is selected) and equalized odds (for whom the model errs).

pub mod groups;

pub mod disparity;
