//! Scores of one feature.
//!
//! In: codes. Out: figures.
