//! What a reader of any format gives: a run of rows, column by column, not yet joined to a table.

use std::collections::HashMap;

use super::column::{ColumnPart, Want};

/// A run of rows of one file.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The columns in the file's order.
    pub(crate) columns: Vec<(String, ColumnPart)>,
    /// Number of rows.
    pub(crate) n_rows: usize,
    /// Rows on consecutive lines: first row within the piece and its line; empty if the format has
    /// no lines.
    pub(crate) lines: Vec<(usize, u64)>,
}

impl Piece {
    /// The line of a row.
    pub(crate) fn line(&self, row: usize) -> Option<u64> {
        let after = self
            .lines
            .partition_point(|(first_row, _)| *first_row <= row);
        let (first_row, line) = self.lines.get(after.checked_sub(1)?)?;
        Some(line + (row - first_row) as u64)
    }
}

/// What is wanted of each column.
#[derive(Debug, Clone)]
pub(crate) struct Wants {
    /// Of the columns named.
    pub(crate) by_name: HashMap<String, Want>,
    /// Of all others.
    pub(crate) otherwise: Want,
}

impl Wants {
    /// What is wanted of the column of this name.
    pub(crate) fn of(&self, name: &str) -> Want {
        self.by_name.get(name).copied().unwrap_or(self.otherwise)
    }
}

/// The texts that stand for a missing value.
#[derive(Debug, Clone)]
pub(crate) struct MissingTokens {
    tokens: Vec<Vec<u8>>,
    max_bytes: usize,
    /// Whether a token begins with this byte.
    begins: [bool; 256],
}

impl MissingTokens {
    /// A set of such texts.
    pub(crate) fn new<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let tokens: Vec<Vec<u8>> = tokens
            .into_iter()
            .map(|token| token.trim().as_bytes().to_vec())
            .collect();
        let mut begins = [false; 256];
        for first in tokens.iter().filter_map(|token| token.first()) {
            begins[usize::from(*first)] = true;
        }
        let max_bytes = tokens.iter().map(Vec::len).max().unwrap_or(0);
        Self {
            tokens,
            max_bytes,
            begins,
        }
    }

    /// Whether this token, without blanks around it, stands for a missing value.
    #[inline]
    pub(crate) fn contains(&self, token: &[u8]) -> bool {
        match token.first() {
            Some(first) => {
                self.begins[usize::from(*first)]
                    && token.len() <= self.max_bytes
                    && self.tokens.iter().any(|missing| missing == token)
            }
            None => true,
        }
    }
}
