//! Numerics shared by the bundled checks.
//!
//! In: slices of numbers or counts, a seed where randomness is needed. Out: statistics, p-values,
//! intervals and effect sizes as plain numbers and small structs.
//!
//! Everything here is a pure function: no table, no plugin border, no clock, no file, no global
//! state. Same input and seed, same bits, on any thread.
//!
//! Expected values of the tests come from SciPy; see `fixtures/expected.py`.

pub mod error;

pub mod rng;

pub mod moments;

pub mod order;

pub mod special;

pub mod distribution;

pub mod proportion;

pub mod mean_interval;

pub mod bootstrap;

pub mod kolmogorov;

pub mod two_sample;

pub mod noncentral;

pub mod contingency;

pub mod distance;

pub mod multiplicity;

pub mod auc;

pub use error::StatsError;
