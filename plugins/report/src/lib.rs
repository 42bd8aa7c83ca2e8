//! What the bundled checks say alike.
//!
//! In: numbers, names, settings, findings. Out: short text, refusals of settings, an outcome whose
//! verdict is that of its gravest finding. A plain library, no plugin; it computes no figure.

#[cfg(test)]
mod tests;

pub mod words;

pub mod settings;

pub mod report;

pub use report::{MAX_FINDINGS, MAX_MARKS, Report};
