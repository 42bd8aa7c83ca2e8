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

/// A record that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Its line; for an open quote that of the quote.
    pub(crate) line: u64,
    /// Why.
    pub(crate) why: Why,
}

/// Why a record was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has so many fields instead of the usual number.
    Ragged(usize),
    /// The same, and the file ends within it.
    CutOff(usize),
    /// A quote is opened and not closed.
    OpenQuote,
    /// It is no JSON object: what is wrong.
    NotJson(String),
    /// The file ends within a JSON object.
    CutOffJson,
}

/// The rows of a text file and the records left out.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The rows, in order.
    pub(crate) pieces: Vec<Piece>,
    /// The first records left out.
    pub(crate) left_out: Vec<LeftOut>,
    /// Number of records left out.
    pub(crate) n_left_out: u64,
}

impl Rows {
    /// Counts a record as left out, and lists it if not too many are.
    pub(crate) fn leave_out(&mut self, record: LeftOut, max_listed: usize) {
        self.n_left_out += 1;
        if self.left_out.len() < max_listed {
            self.left_out.push(record);
        }
    }

    /// Adds the rows of the next stretch, whose lines count from 0, at a line; gives back its number
    /// of lines.
    pub(crate) fn append(&mut self, (mut next, n_lines): (Self, u64), line: u64) -> u64 {
        for (_, first_line) in next.pieces.iter_mut().flat_map(|piece| &mut piece.lines) {
            *first_line += line;
        }
        for record in &mut next.left_out {
            record.line += line;
        }
        self.pieces.append(&mut next.pieces);
        self.left_out.append(&mut next.left_out);
        self.n_left_out += next.n_left_out;
        n_lines
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
    /// Whether the empty text is listed.
    lists_empty: bool,
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
        let lists_empty = tokens.iter().any(Vec::is_empty);
        let max_bytes = tokens.iter().map(Vec::len).max().unwrap_or(0);
        Self {
            tokens,
            max_bytes,
            begins,
            lists_empty,
        }
    }

    /// Whether this token, without blanks around it, stands for a missing value.
    #[inline]
    pub(crate) fn lists(&self, token: &[u8]) -> bool {
        match token.first() {
            Some(first) => {
                self.begins[usize::from(*first)]
                    && token.len() <= self.max_bytes
                    && self.tokens.iter().any(|missing| missing == token)
            }
            None => self.lists_empty,
        }
    }
}
