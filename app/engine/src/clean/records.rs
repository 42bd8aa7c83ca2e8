//! The rows of a source, one after the other, with their cells as written.
//!
//! In: a file's text and layout, or typed columns. Out: per row its line, the text of each cell, and for
//! delimited files the very bytes of each cell and of the whole record. Goes through the rows exactly as
//! the loader does, so that the k-th row here is the k-th row of the table.

use std::borrow::Cow;

use super::sheet::Sheet;
use crate::load::delimited::{Next, next_row};
use crate::load::dialect::{Layout, field_text};
use crate::load::scan::{Field, Scanner};

/// The rows of a delimited file.
pub(super) struct Records<'a> {
    text: &'a [u8],
    layout: &'a Layout,
    scanner: Scanner<'a>,
    fields: Vec<Field>,
    /// Start of the record.
    start: usize,
    /// Its line, counted from the first record.
    line: u64,
    /// Start and end of each cell with its quotes and blanks; found when asked for.
    spans: Vec<(usize, usize)>,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a [u8], layout: &'a Layout) -> Self {
        Self {
            text,
            layout,
            scanner: Scanner::new(text, layout.dialect, layout.body_at),
            fields: Vec::new(),
            start: layout.body_at,
            line: 0,
            spans: Vec::new(),
        }
    }

    /// Goes to the next row; `false` at the end.
    pub(super) fn advance(&mut self) -> bool {
        self.spans.clear();
        loop {
            self.fields.clear();
            self.start = self.scanner.at;
            let n_fields = self.layout.names.len();
            if self.start >= self.text.len() {
                return false;
            }
            match next_row(&mut self.scanner, &mut self.fields, n_fields) {
                Next::Row(line) => {
                    self.line = line;
                    return true;
                }
                Next::Skipped | Next::LeftOut(_) => {}
                Next::End => return false,
            }
        }
    }

    /// The record with its line end.
    pub(super) fn whole(&self) -> &'a [u8] {
        &self.text[self.start..self.scanner.at]
    }

    /// A cell with its quotes and the blanks around it.
    pub(super) fn written(&mut self, field: usize) -> &'a [u8] {
        if self.spans.is_empty() {
            self.spans = spans(self.text, self.layout, &self.fields, self.start);
        }
        let (start, end) = self.spans[field];
        &self.text[start..end]
    }

    /// The record's line end; empty at the end of a file without one.
    pub(super) fn line_end(&self) -> &'a [u8] {
        line_end(self.whole(), self.layout.dialect.newline)
    }

    /// The text of a cell.
    pub(super) fn value(&self, field: usize) -> String {
        field_text(self.text, &self.fields[field])
    }

    /// The record's line in the file, the first is 1.
    pub(super) fn line(&self) -> u64 {
        self.layout.body_line + self.line
    }
}

/// The cells of the line of names as written, and its line end.
pub(super) fn header<'a>(text: &'a [u8], layout: &Layout) -> (Vec<&'a [u8]>, &'a [u8]) {
    let mut scanner = Scanner::new(text, layout.dialect, layout.head_at);
    let mut fields = Vec::new();
    let _known = scanner.next_record(&mut fields);
    let spans = spans(text, layout, &fields, layout.head_at);
    let cells = spans.iter().map(|(start, end)| &text[*start..*end]);
    let whole = &text[layout.head_at..scanner.at];
    (cells.collect(), line_end(whole, layout.dialect.newline))
}

fn line_end(record: &[u8], newline: u8) -> &[u8] {
    match record {
        [.., b'\r', b'\n'] if newline == b'\n' => &record[record.len() - 2..],
        [.., last] if *last == newline => &record[record.len() - 1..],
        _ => &[],
    }
}

fn spans(text: &[u8], layout: &Layout, fields: &[Field], start: usize) -> Vec<(usize, usize)> {
    let (delimiter, newline) = (layout.dialect.delimiter, layout.dialect.newline);
    let mut start = start;
    let mut spans = Vec::with_capacity(fields.len());
    for field in fields {
        // Behind the value stand its closing quote and blanks, then what separates.
        let mut stop = field.end;
        if text.get(stop) == Some(&b'"') {
            stop += 1;
        }
        while text
            .get(stop)
            .is_some_and(|byte| *byte != delimiter && *byte != newline)
        {
            stop += 1;
        }
        let is_line_end = text.get(stop).is_none_or(|byte| *byte != delimiter);
        let is_return = is_line_end && newline == b'\n' && text[start..stop].ends_with(b"\r");
        spans.push((start, stop - usize::from(is_return)));
        start = stop + 1;
    }
    spans
}

/// The rows of any source.
pub(super) enum Rows<'a> {
    /// Of a delimited file, with the field of each column of the sheet.
    Text(Box<Records<'a>>, Vec<Option<usize>>),
    /// Of typed columns: no row is looked up before it is asked for.
    Typed,
}

impl Rows<'_> {
    /// Goes to the next row; `false` if the source has none.
    pub(super) fn advance(&mut self) -> bool {
        match self {
            Self::Text(records, _) => records.advance(),
            Self::Typed => true,
        }
    }

    /// The line of the row, if the source has lines.
    pub(super) fn line(&self) -> Option<u64> {
        match self {
            Self::Text(records, _) => Some(records.line()),
            Self::Typed => None,
        }
    }

    /// The text of a cell in the source.
    pub(super) fn value<'s>(&self, sheet: &'s Sheet, row: usize, column: usize) -> Cow<'s, str> {
        match self {
            Self::Text(records, fields) => match fields[column] {
                Some(field) => Cow::Owned(records.value(field)),
                None => Cow::Borrowed(""),
            },
            Self::Typed => sheet.columns[column]
                .base
                .text(row)
                .unwrap_or(Cow::Borrowed("")),
        }
    }
}
