//! Parquet and Arrow IPC → pieces of typed columns.
//!
//! Types outside the loader's few are brought to the nearest of them, and the change is said: decimals
//! become floats, times with a zone UTC, nanoseconds microseconds. Nested columns are left out.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReaderBuilder, StreamReader};
use arrow_schema::{ArrowError, DataType};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::column::{ColumnPart, Values, Want};
use super::normal::{Change, Normal, normalize};
use super::piece::{MissingTokens, Piece, Wants};
use crate::table::cell_text;

/// What a file gave.
#[derive(Debug)]
pub(crate) struct Columnar {
    pub(crate) piece: Piece,
    /// Columns that were changed or left out: name and how.
    pub(crate) changes: Vec<(String, Change)>,
}

/// Rows decoded at a time.
const BATCH_ROWS: usize = 64 * 1024;

/// Most columns of a table.
const MAX_COLUMNS: usize = 100_000;

/// Reads a Parquet file.
pub(crate) fn read_parquet(
    bytes: Vec<u8>,
    missing: &MissingTokens,
    wants: &Wants,
) -> Result<Columnar, String> {
    guarded(|| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes))
            .map_err(|error| error.to_string())?;
        let reader = builder.with_batch_size(BATCH_ROWS).build();
        collect(reader.map_err(|error| error.to_string())?, missing, wants)
    })
}

/// Reads an Arrow IPC file or stream.
pub(crate) fn read_arrow(
    bytes: &[u8],
    missing: &MissingTokens,
    wants: &Wants,
) -> Result<Columnar, String> {
    guarded(|| {
        let error_text = |error: ArrowError| error.to_string();
        if bytes.starts_with(b"ARROW1") {
            let reader = FileReaderBuilder::new().build(Cursor::new(bytes));
            collect(reader.map_err(error_text)?, missing, wants)
        } else {
            let reader = StreamReader::try_new(Cursor::new(bytes), None);
            collect(reader.map_err(error_text)?, missing, wants)
        }
    })
}

/// Runs a decoder that may panic on damaged files.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let outcome = catch_unwind(AssertUnwindSafe(read));
    outcome.unwrap_or_else(|_| Err("the file is damaged".to_owned()))
}

fn collect(
    batches: impl RecordBatchReader,
    missing: &MissingTokens,
    wants: &Wants,
) -> Result<Columnar, String> {
    let schema = batches.schema();
    if schema.fields().len() > MAX_COLUMNS {
        return Err(format!("more than {MAX_COLUMNS} columns"));
    }
    let mut readers: Vec<ColumnReader<'_>> = schema
        .fields()
        .iter()
        .map(|field| ColumnReader::new(field.name(), wants.of(field.name()), missing))
        .collect();
    let mut n_rows = 0;
    for batch in batches {
        let batch: RecordBatch = batch.map_err(|error| error.to_string())?;
        n_rows += batch.num_rows();
        for (reader, array) in readers.iter_mut().zip(batch.columns()) {
            reader.push(array.as_ref());
        }
    }
    let mut columnar = Columnar {
        piece: Piece {
            columns: Vec::new(),
            n_rows,
            lines: Vec::new(),
        },
        changes: Vec::new(),
    };
    for (reader, field) in readers.into_iter().zip(schema.fields()) {
        let is_left_out = matches!(reader.change, Some(Change::LeftOut(_)));
        if let Some(change) = reader.change {
            columnar.changes.push((field.name().clone(), change));
        }
        let is_repeated = columnar
            .piece
            .columns
            .iter()
            .any(|(name, _)| name == field.name());
        if is_repeated {
            let why = "another column has the same name".to_owned();
            columnar
                .changes
                .push((field.name().clone(), Change::LeftOut(why)));
        } else if !is_left_out {
            columnar
                .piece
                .columns
                .push((field.name().clone(), reader.part));
        }
    }
    Ok(columnar)
}

/// Takes the batches of one column.
struct ColumnReader<'a> {
    part: ColumnPart,
    want: Want,
    missing: &'a MissingTokens,
    change: Option<Change>,
}

impl<'a> ColumnReader<'a> {
    fn new(_name: &str, want: Want, missing: &'a MissingTokens) -> Self {
        Self {
            part: ColumnPart::new(want),
            want,
            missing,
            change: None,
        }
    }

    fn push(&mut self, array: &dyn Array) {
        if self.want == Want::Skip || matches!(self.change, Some(Change::LeftOut(_))) {
            return;
        }
        let Normal { array, change } = normalize(array);
        self.change = self.change.take().or(change);
        let Some(array) = array else { return };
        match array.data_type() {
            DataType::Utf8 => self.push_strings(&array),
            _ if self.want == Want::Auto => {
                self.part.extend(Values::of_array(&array), array.nulls());
            }
            _ => self.push_texts(&array),
        }
    }

    fn push_strings(&mut self, array: &dyn Array) {
        use arrow_array::cast::AsArray as _;
        for text in array.as_string::<i32>() {
            match text.map(str::as_bytes) {
                Some(text) if !self.missing.lists(text) => self.part.push_text(text),
                _ => self.part.push_missing(),
            }
        }
    }

    /// Values of a column that is wanted as something else.
    fn push_texts(&mut self, array: &dyn Array) {
        for row in 0..array.len() {
            match cell_text(array, row) {
                Some(text) => self.part.push(text.as_bytes(), text.as_bytes()),
                None => self.part.push_missing(),
            }
        }
    }
}
