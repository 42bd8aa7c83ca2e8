//! Which table, and which of its rows.
//!
//! In: positions a check found. Out: a bounded list of them that says how many there are in all.

use serde::{Deserialize, Serialize};

/// Which of the project's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The rows the model learned from; also the reference of drift checks.
    Train,
    /// Held-out rows with a known target.
    Test,
    /// Rows seen after launch; the target may be absent.
    Current,
}

impl Role {
    /// Every role, in the order the program shows them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Test, Self::Current];

    /// The role as it stands in the project file: `train`, `test`, `current`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::Current => "current",
        }
    }
}

/// Rows of one table, named by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// The table they stand in.
    pub role: Role,
    /// Positions, the first row is 0, ascending. May be only the first of all: see `total`.
    pub rows: Vec<u64>,
    /// How many rows there are in all; never less than `rows.len()`.
    pub total: u64,
}

impl Rows {
    /// How many positions one mark or finding carries at most; `total` still counts all.
    pub const LIMIT: usize = 1000;

    /// Keeps the first [`Rows::LIMIT`] of `rows` and counts all.
    pub fn new(role: Role, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut kept = Vec::new();
        let mut total = 0;
        for row in rows {
            if kept.len() < Self::LIMIT {
                kept.push(row as u64);
            }
            total += 1;
        }
        Self {
            role,
            rows: kept,
            total,
        }
    }
}
