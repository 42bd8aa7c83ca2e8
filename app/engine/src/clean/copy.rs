//! The rows of a source → the copy as delimited text, and the log of what was changed, in one pass.
//!
//! In: a cleaned sheet and the rows of one of its files. Out: bytes. A cell that was not changed is
//! copied byte for byte, a record none of whose cells were is copied whole.

use std::io::{self, Write as _};

use super::records::{Records, Rows};
use super::sheet::{Change, Dropped, MISSING, Reason, Sheet, UNTOUCHED};
use super::sink::{Sink, field};
use crate::table::TableView;

/// Which columns are written, and how.
pub(super) struct Form {
    /// Positions in the sheet.
    pub(super) columns: Vec<usize>,
    /// Whether they are those of the source, all of them and no more.
    pub(super) is_whole: bool,
    pub(super) delimiter: u8,
    /// Per column of the sheet its new texts as fields.
    new_fields: Vec<Vec<Vec<u8>>>,
}

impl Form {
    pub(super) fn new(sheet: &Sheet, delimiter: u8) -> Self {
        let columns = sheet.live_columns();
        let is_whole = columns.len() == sheet.columns.len()
            && !sheet.columns.iter().any(super::sheet::Column::is_added);
        let new_fields = sheet.columns.iter().map(|column| {
            let texts = column.new_texts().iter();
            texts.map(|text| field(text, delimiter)).collect()
        });
        Self {
            is_whole,
            delimiter,
            new_fields: new_fields.collect(),
            columns,
        }
    }

    /// A missing cell: nothing, or quotes where nothing would be an empty line.
    fn missing(&self) -> &'static [u8] {
        if self.columns.len() == 1 {
            b"\"\""
        } else {
            b""
        }
    }

    /// The line of names.
    pub(super) fn names(&self, sheet: &Sheet) -> Vec<u8> {
        let names = self.columns.iter();
        let names = names.map(|idx| field(&sheet.columns[*idx].name, self.delimiter));
        names.collect::<Vec<_>>().join(&self.delimiter)
    }

    fn write_text_row(
        &self,
        out: &mut Sink,
        sheet: &Sheet,
        (records, fields): (&mut Records<'_>, &[Option<usize>]),
        row: usize,
    ) -> io::Result<()> {
        if self.is_whole && !sheet.touched[row] {
            return out.write_all(records.whole());
        }
        for (place, idx) in self.columns.iter().enumerate() {
            if place > 0 {
                out.write_all(&[self.delimiter])?;
            }
            match (sheet.columns[*idx].code(row), fields[*idx]) {
                (UNTOUCHED, Some(field)) => {
                    let written = records.written(field);
                    let is_blank = self.columns.len() == 1 && written.trim_ascii().is_empty();
                    out.write_all(if is_blank { self.missing() } else { written })?;
                }
                (UNTOUCHED | MISSING, _) => out.write_all(self.missing())?,
                (code, _) => out.write_all(&self.new_fields[*idx][code as usize])?,
            }
        }
        out.write_all(records.line_end())
    }

    fn write_typed_row(&self, out: &mut Sink, sheet: &Sheet, row: usize) -> io::Result<()> {
        for (place, idx) in self.columns.iter().enumerate() {
            if place > 0 {
                out.write_all(&[self.delimiter])?;
            }
            let column = &sheet.columns[*idx];
            match (column.code(row), column.text(row)) {
                (UNTOUCHED, Some(text)) => out.write_all(&field(&text, self.delimiter))?,
                (_, None) => out.write_all(self.missing())?,
                (code, Some(_)) => out.write_all(&self.new_fields[*idx][code as usize])?,
            }
        }
        out.write_all(b"\n")
    }
}

/// Goes through the rows of a file and writes each that is left to its side: `outs` are the files of
/// rows to learn from, or all, and of rows to test on. Gives back the number of rows the source had.
pub(super) fn copy_rows(
    sheet: &Sheet,
    (first_row, n_rows): (usize, usize),
    rows: &mut Rows<'_>,
    (form, outs): (&Form, &mut [Option<Sink>; 2]),
    log: &mut Log<'_>,
) -> io::Result<usize> {
    let mut n_found = 0;
    for row in first_row..first_row + n_rows {
        if !rows.advance() {
            break;
        }
        n_found += 1;
        log.write_row(sheet, rows, (row, row - first_row))?;
        if !sheet.kept[row] {
            continue;
        }
        let is_tested = sheet.tested.as_ref().is_some_and(|tested| tested[row]);
        let Some(out) = &mut outs[usize::from(is_tested)] else {
            continue;
        };
        match rows {
            Rows::Text(records, fields) => {
                form.write_text_row(out, sheet, (records, fields), row)?;
            }
            Rows::Typed => form.write_typed_row(out, sheet, row)?,
        }
    }
    let is_text = matches!(rows, Rows::Text(..));
    Ok(n_found + usize::from(is_text && rows.advance()))
}

/// The log of one file's copy.
pub(super) struct Log<'a> {
    out: Option<Sink>,
    view: &'a TableView,
    steps: &'a [&'static str],
    /// In order of rows, then steps.
    changes: &'a [Change],
    dropped: &'a [Dropped],
}

impl<'a> Log<'a> {
    /// A log in which columns that went or came are already written.
    pub(super) fn begin(
        out: Option<Sink>,
        sheet: &'a Sheet,
        (view, steps): (&'a TableView, &'a [&'static str]),
        first_row: usize,
    ) -> io::Result<Self> {
        let from = super::sheet::small(first_row);
        let changes_at = sheet.changes.partition_point(|change| change.row < from);
        let dropped_at = sheet.dropped.partition_point(|dropped| dropped.row < from);
        let mut log = Self {
            out,
            view,
            steps,
            changes: &sheet.changes[changes_at..],
            dropped: &sheet.dropped[dropped_at..],
        };
        log.write(&["row", "line", "step", "column", "old", "new", "reason"])?;
        for column in &sheet.columns {
            if let Some(step) = column.dropped_by {
                let step = log.step(step);
                log.write(&["", "", &step, &column.name, "", "", "column dropped"])?;
            } else if column.is_added() {
                log.write(&["", "", "", &column.name, "", "", "column added"])?;
            }
        }
        Ok(log)
    }

    /// The file, to be finished.
    pub(super) fn into_sink(self) -> Option<Sink> {
        self.out
    }

    /// Whether any row from here on is in it.
    pub(super) fn is_done(&self) -> bool {
        self.changes.is_empty() && self.dropped.is_empty()
    }

    fn step(&self, step: usize) -> String {
        format!("{} {}", step + 1, self.steps[step])
    }

    fn write(&mut self, cells: &[&str]) -> io::Result<()> {
        let Some(out) = &mut self.out else {
            return Ok(());
        };
        let fields: Vec<Vec<u8>> = cells.iter().map(|cell| field(cell, b',')).collect();
        out.write_all(&fields.join(&b','))?;
        out.write_all(b"\n")
    }

    fn write_row(
        &mut self,
        sheet: &Sheet,
        rows: &Rows<'_>,
        (row, row_of_file): (usize, usize),
    ) -> io::Result<()> {
        let of_row = |at: u32| at as usize == row;
        let n_changes = self
            .changes
            .iter()
            .take_while(|change| of_row(change.row))
            .count();
        let n_dropped = self
            .dropped
            .iter()
            .take_while(|dropped| of_row(dropped.row))
            .count();
        if n_changes == 0 && n_dropped == 0 {
            return Ok(());
        }
        let (changes, changes_left) = self.changes.split_at(n_changes);
        let (dropped, dropped_left) = self.dropped.split_at(n_dropped);
        (self.changes, self.dropped) = (changes_left, dropped_left);
        if self.out.is_none() {
            return Ok(());
        }
        let number = (row_of_file + 1).to_string();
        let line = rows
            .line()
            .map_or_else(String::new, |line| line.to_string());
        for (place, change) in changes.iter().enumerate() {
            let idx = change.column as usize;
            let column = &sheet.columns[idx];
            let earlier = changes[..place]
                .iter()
                .rev()
                .find(|other| other.column == change.column);
            let old = match earlier {
                Some(earlier) => column.new_text(earlier.code).unwrap_or("").to_owned(),
                None => rows.value(sheet, row, idx).into_owned(),
            };
            let new = column.new_text(change.code).unwrap_or("");
            let step = self.step(change.step as usize);
            self.write(&[&number, &line, &step, &column.name, &old, new, ""])?;
        }
        for dropped in dropped {
            let step = self.step(dropped.step as usize);
            let (column, reason) = self.reason(sheet, dropped.reason);
            self.write(&[&number, &line, &step, &column, "", "", &reason])?;
        }
        Ok(())
    }

    fn reason(&self, sheet: &Sheet, reason: Reason) -> (String, String) {
        match reason {
            Reason::Missing(column) => {
                let name = sheet.columns[column as usize].name.clone();
                (name, "row dropped: no value".to_owned())
            }
            Reason::MostlyMissing(n_missing, n_columns) => {
                let text = format!("row dropped: {n_missing} of {n_columns} cells missing");
                (String::new(), text)
            }
            Reason::Repeats(other) => {
                let other = u64::from(other);
                let file = self.view.source_file(other).unwrap_or_default();
                let place = match self.view.source_line(other) {
                    Some(line) => format!("line {line} of {file}"),
                    None => format!("row {} of the table", other + 1),
                };
                (String::new(), format!("row dropped: repeats {place}"))
            }
        }
    }
}
