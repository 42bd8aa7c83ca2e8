//! One JSON object a line → pieces of typed columns.
//!
//! Keys are columns, in the order they first appear; a key that a line lacks is missing there. Numbers
//! are read as written, by the same rules as in CSV. Strings are text, or dates if all of the column
//! are ISO dates. Objects and lists cannot stand in a table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::column::{ColumnPart, Want};
use super::parallel::in_order;
use super::piece::{LeftOut, MissingTokens, Piece, Rows, Wants, Why};

/// Bytes of a piece.
const PIECE_BYTES: usize = 8 << 20;

/// Most columns of a table.
const MAX_COLUMNS: usize = 10_000;

/// Lines left out that are listed one by one, per piece.
const MAX_LISTED: usize = 20;

/// Reads the rows of a file.
pub(crate) fn read(bytes: &[u8], missing: &MissingTokens, wants: &Wants) -> Rows {
    let starts = starts(bytes);
    let read = |idx: usize| {
        let end = starts.get(idx + 1).copied().unwrap_or(bytes.len());
        read_piece(&bytes[starts[idx]..end], end == bytes.len(), missing, wants)
    };
    let outputs = in_order(starts.len(), read);
    let mut rows = Rows::default();
    let mut line = 1;
    for (idx, output) in outputs.into_iter().enumerate() {
        let output = output.unwrap_or_else(|| read(idx));
        line += rows.append(output, line);
    }
    rows
}

/// Line starts about [`PIECE_BYTES`] apart.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = PIECE_BYTES;
    while let Some(rest) = bytes.get(at..)
        && let Some(n_bytes) = rest.iter().position(|byte| *byte == b'\n')
        && at + n_bytes + 1 < bytes.len()
    {
        starts.push(at + n_bytes + 1);
        at += n_bytes + 1 + PIECE_BYTES;
    }
    starts
}

fn read_piece(bytes: &[u8], is_last: bool, missing: &MissingTokens, wants: &Wants) -> (Rows, u64) {
    let mut table = Table {
        missing,
        wants,
        columns: Vec::new(),
        positions: HashMap::new(),
        n_rows: 0,
    };
    let mut rows = Rows::default();
    let (mut lines, mut n_lines) = (Vec::new(), 0);
    let mut expected_line = None;
    let mut texts = bytes.split(|byte| *byte == b'\n').peekable();
    while let Some(text) = texts.next() {
        let line = n_lines;
        n_lines += u64::from(texts.peek().is_some());
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        if let Err(error) = table.push(text) {
            let is_cut_off = is_last && texts.peek().is_none() && error.is_eof();
            let why = if is_cut_off {
                Why::CutOffJson
            } else {
                Why::NotJson(message(text, &error))
            };
            rows.leave_out(LeftOut { line, why }, MAX_LISTED);
            continue;
        }
        if expected_line != Some(line) {
            lines.push((table.n_rows - 1, line));
        }
        expected_line = Some(line + 1);
    }
    let columns = table
        .columns
        .into_iter()
        .map(|column| (column.name, column.part))
        .collect();
    rows.pieces.push(Piece {
        columns,
        n_rows: table.n_rows,
        lines,
    });
    (rows, n_lines)
}

/// What is wrong with a line, without the position within it that serde counts from one line.
fn message(text: &[u8], error: &serde_json::Error) -> String {
    if text.starts_with(b"[") {
        return "a list, not an object".to_owned();
    }
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or_default();
    format!("{what} (character {})", error.column())
}

struct Column {
    name: String,
    part: ColumnPart,
}

struct Table<'a> {
    missing: &'a MissingTokens,
    wants: &'a Wants,
    columns: Vec<Column>,
    positions: HashMap<String, usize>,
    n_rows: usize,
}

impl Table<'_> {
    /// Adds one line, or nothing if it is not an object.
    fn push(&mut self, text: &[u8]) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let entries = deserializer.deserialize_map(Entries)?;
        deserializer.end()?;
        for (idx, (key, value)) in entries.iter().enumerate() {
            if let Some(column_idx) = self.position(key, idx) {
                self.push_value(column_idx, value.get());
            }
        }
        self.n_rows += 1;
        for column in &mut self.columns {
            if column.part.n_rows() < self.n_rows {
                column.part.push_missing();
            }
        }
        Ok(())
    }

    /// Position of a key's column, made if it is new; `None` past the limit. `likely` is where it
    /// stands if all lines have the same keys.
    fn position(&mut self, key: &str, likely: usize) -> Option<usize> {
        if self
            .columns
            .get(likely)
            .is_some_and(|column| column.name == key)
        {
            return Some(likely);
        }
        if let Some(position) = self.positions.get(key) {
            return Some(*position);
        }
        if self.columns.len() >= MAX_COLUMNS {
            return None;
        }
        let mut part = ColumnPart::new(self.wants.of(key));
        for _ in 0..self.n_rows {
            part.push_missing();
        }
        self.positions.insert(key.to_owned(), self.columns.len());
        self.columns.push(Column {
            name: key.to_owned(),
            part,
        });
        Some(self.columns.len() - 1)
    }

    fn push_value(&mut self, column_idx: usize, raw: &str) {
        let part = &mut self.columns[column_idx].part;
        if part.n_rows() > self.n_rows || part.want() == Want::Skip {
            // A key that stands twice: the first counts.
            return;
        }
        match raw.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<Text<'_>>(raw) {
                Ok(Text(text)) if !self.missing.lists(text.as_bytes()) => {
                    part.push_string(text.as_bytes());
                }
                _ => part.push_missing(),
            },
            Some(b'{' | b'[') => part.push_nested(raw.as_bytes()),
            Some(b'n') | None => part.push_missing(),
            Some(_) if self.missing.lists(raw.as_bytes()) => part.push_missing(),
            Some(_) => part.push(raw.as_bytes(), raw.as_bytes()),
        }
    }
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The entries of an object in their order, values unread.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            entries.push((key, map.next_value()?));
        }
        Ok(entries)
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Text(key) = Text::deserialize(deserializer)?;
        Ok(key)
    }
}
