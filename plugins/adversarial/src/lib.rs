//! Robustness checks: does the model still hold when its inputs are a little off?
//!
//! In: a table and the model. Out: two checks, noise on all rows (how fast the score falls) and
//! perturbation of single rows (how little turns a decision).

pub mod constraint;

pub mod noise_curve;
