//! Why a statistic cannot be computed.
//!
//! In: nothing. Out: [`StatsError`], one enum for the whole crate because its functions share the
//! same few preconditions.
//!
//! A value that merely does not exist for lack of rows is reported here too, never as NaN.

use std::fmt;

/// Why a statistic cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsError {
    /// No rows, or all weights are zero.
    Empty,
    /// Two slices that go together have different lengths.
    LengthMismatch {
        /// Length of the first slice.
        left: usize,
        /// Length of the second slice.
        right: usize,
    },
    /// A probability, level or weight lies outside its range.
    OutOfRange,
    /// Fewer rows or categories than the statistic needs.
    TooFew {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A value is NaN or infinite.
    NotFinite,
}

impl fmt::Display for StatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("compute a statistic of no rows"),
            Self::LengthMismatch { left, right } => {
                write!(f, "pair {left} values with {right}")
            }
            Self::OutOfRange => f.write_str("use a probability or weight outside its range"),
            Self::TooFew { needed, found } => {
                write!(
                    f,
                    "compute a statistic of {found} values where {needed} are needed"
                )
            }
            Self::NotFinite => f.write_str("use a value that is not a finite number"),
        }
    }
}

impl std::error::Error for StatsError {}
