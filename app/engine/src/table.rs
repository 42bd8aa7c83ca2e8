//! A loaded table, kept as memory-mapped Arrow.
//!
//! In: the path of a cache file that [`crate::load`] wrote. Out: [`TableView`], whose columns are of
//! these Arrow types and no others: `Int64`, `Float64`, `Boolean`, `Utf8`, `Dictionary(Int32, Utf8)`,
//! `Date32`, `Timestamp(Microsecond, None)`.
//!
//! The file is opened for reading and mapped read-only and shared, so every worker process reads the
//! same physical memory and none can write to it: a store to it ends that process, never changes
//! a value. All that Arrow requires of the buffers (lengths, UTF-8, dictionary codes) is checked when
//! the file is opened, so that a damaged file is an error, not a crash.

mod values;

use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileDecoder, FileReaderBuilder, read_footer_length};
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use interlock_plugin_api::calendar;
use interlock_plugin_api::facts::ColumnKind;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

/// Where a table's rows came from, as runs of rows on consecutive lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLines {
    /// The files, relative to the project where possible.
    pub files: Vec<String>,
    /// Runs in row order: the row `first_row + k` came from line `first_line + k`.
    pub runs: Vec<LineRun>,
}

/// Rows on consecutive lines of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRun {
    /// Position in the table of the first row.
    pub first_row: u64,
    /// Its line, the first is 1; 0 if the file's format has no lines.
    pub first_line: u64,
    /// Position of the file in [`SourceLines::files`].
    pub file_idx: u32,
}

impl LineRun {
    /// Whether the next run goes on where this one ends, so that both are one.
    pub(crate) fn continues_in(&self, next: &Self) -> bool {
        let n_rows = next.first_row - self.first_row;
        let line = if self.first_line == 0 {
            0
        } else {
            self.first_line + n_rows
        };
        self.file_idx == next.file_idx && next.first_line == line
    }
}

impl SourceLines {
    fn run(&self, row: u64) -> Option<&LineRun> {
        let after = self.runs.partition_point(|run| run.first_row <= row);
        self.runs.get(after.checked_sub(1)?)
    }

    /// The line a row came from; `None` if its format has no lines.
    pub fn line(&self, row: u64) -> Option<u64> {
        let run = self.run(row)?;
        (run.first_line > 0).then(|| run.first_line + (row - run.first_row))
    }

    /// The file a row came from.
    pub fn file(&self, row: u64) -> Option<&str> {
        let file = self.files.get(self.run(row)?.file_idx as usize)?;
        Some(file.as_str())
    }
}

/// Why a cache file cannot be used; it is to be made anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be opened or mapped.
    #[error("{path}: {source}")]
    Unreadable {
        /// The cache file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a table we wrote: cut off, changed, or of another kind.
    #[error("{path}: not a table cache file: {reason}")]
    Damaged {
        /// The cache file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A table of rows and named columns, read from mapped memory.
#[derive(Debug, Clone)]
pub struct TableView {
    batch: RecordBatch,
    lines: Arc<SourceLines>,
}

impl TableView {
    /// Maps a cache file. Source lines are not in it; see [`Self::with_lines`].
    ///
    /// # Errors
    /// If the file cannot be read, or is not a whole table of the types above.
    pub fn open(cache_path: &Path) -> Result<Self, TableError> {
        let unreadable = |source| TableError::Unreadable {
            path: cache_path.to_owned(),
            source,
        };
        let damaged = |reason| TableError::Damaged {
            path: cache_path.to_owned(),
            reason,
        };
        let buffer = map(cache_path).map_err(unreadable)?;
        let batch = decode(&buffer).map_err(|error| damaged(error.to_string()))?;
        Self::from_batch(batch).map_err(damaged)
    }

    /// A view of a batch in memory.
    ///
    /// # Errors
    /// If a column's type is none of those above: which one.
    pub fn from_batch(batch: RecordBatch) -> Result<Self, String> {
        for field in batch.schema_ref().fields() {
            if kind_of(field.data_type()).is_none() {
                return Err(format!(
                    "column `{}` is {}",
                    field.name(),
                    field.data_type()
                ));
            }
        }
        Ok(Self {
            batch,
            lines: Arc::default(),
        })
    }

    /// The same table with the lines its rows came from.
    #[must_use]
    pub fn with_lines(self, lines: Arc<SourceLines>) -> Self {
        Self { lines, ..self }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> u64 {
        self.batch.num_rows() as u64
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.batch.num_columns()
    }

    /// Column names in table order.
    pub fn column_names(&self) -> Vec<&str> {
        let schema = self.batch.schema_ref();
        schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect()
    }

    /// Position of the column of this name.
    pub fn column_idx(&self, name: &str) -> Option<usize> {
        self.batch.schema_ref().index_of(name).ok()
    }

    /// How a column is to be read; `None` if there is no such column.
    pub fn kind(&self, column: usize) -> Option<ColumnKind> {
        kind_of(self.batch.schema_ref().fields().get(column)?.data_type())
    }

    /// The cell as text for people; `None` if missing or outside the table. Integers and floats in
    /// their shortest exact form (floats keep `.0`), `true` and `false`, `2024-02-29`,
    /// `2024-02-29 13:05:00`, text as it is.
    pub fn cell(&self, row: u64, column: usize) -> Option<String> {
        let row = usize::try_from(row).ok()?;
        let array = self.batch.columns().get(column)?;
        if row >= array.len() {
            return None;
        }
        cell_text(array, row)
    }

    /// A column's values as numbers: NaN is missing, booleans are 0 and 1, dates are days and points
    /// in time seconds since 1970. `None` if there is no such column or it holds text.
    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        values::numbers(self.batch.column_by_name(name)?)
    }

    /// A column's values as codes into its distinct texts, which stand in order of first appearance;
    /// `u32::MAX` is missing. `None` if there is no such column.
    pub fn categories(&self, name: &str) -> Option<(Vec<u32>, Vec<String>)> {
        let array = self.batch.column_by_name(name)?;
        Some(values::categories(array, |row| cell_text(array, row)))
    }

    /// The first `limit` distinct values of a column as texts, in order of first appearance; missing
    /// is no value. `None` if there is no such column.
    pub fn distinct(&self, name: &str, limit: usize) -> Option<Vec<String>> {
        let array = self.batch.column_by_name(name)?;
        Some(values::distinct(array, limit, |row| cell_text(array, row)))
    }

    /// The line in the source file this row came from, where the format has lines.
    pub fn source_line(&self, row: u64) -> Option<u64> {
        self.lines.line(row)
    }

    /// The file this row came from, relative to the project where possible.
    pub fn source_file(&self, row: u64) -> Option<&str> {
        self.lines.file(row)
    }

    /// The rows of each of the table's files, in the order of the files.
    pub fn file_rows(&self) -> Vec<std::ops::Range<u64>> {
        let runs = &self.lines.runs;
        let start = |file: usize| {
            let run = runs.get(runs.partition_point(|run| (run.file_idx as usize) < file));
            run.map_or(self.n_rows(), |run| run.first_row)
        };
        let files = 0..self.lines.files.len();
        files.map(|file| start(file)..start(file + 1)).collect()
    }

    /// The rows as one Arrow batch over the mapped memory.
    pub fn record_batch(&self) -> &RecordBatch {
        &self.batch
    }
}

/// The kind of a normalized Arrow type; `None` for any other type.
pub fn kind_of(data_type: &DataType) -> Option<ColumnKind> {
    match data_type {
        DataType::Int64 | DataType::Float64 => Some(ColumnKind::Numeric),
        DataType::Boolean => Some(ColumnKind::Boolean),
        DataType::Utf8 => Some(ColumnKind::Text),
        DataType::Date32 | DataType::Timestamp(TimeUnit::Microsecond, None) => {
            Some(ColumnKind::Date)
        }
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            Some(ColumnKind::Categorical)
        }
        _ => None,
    }
}

/// The text of a value of a normalized type, as in [`TableView::cell`]; the row must exist.
pub(crate) fn cell_text(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Date32 => {
            calendar::date_text(array.as_primitive::<Date32Type>().value(row).into())
        }
        DataType::Timestamp(..) => {
            calendar::timestamp_text(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        _ => {
            let dictionary = array.as_dictionary_opt::<Int32Type>()?;
            let values = dictionary.values().as_string_opt::<i32>()?;
            let code = dictionary.key(row)?;
            (code < values.len()).then(|| values.value(code).to_owned())?
        }
    })
}

/// Maps a whole file read-only and shared.
#[expect(
    unsafe_code,
    reason = "memory mapping; the blocks say why they are sound"
)]
fn map(path: &Path) -> std::io::Result<Buffer> {
    let file = File::open(path)?;
    // SAFETY: cache files are written under another name, renamed into place and never written
    // again, only unlinked, which leaves the mapping whole. The descriptor is read-only, so the
    // mapping is too.
    let map = unsafe { Mmap::map(&file) }?;
    let len = map.len();
    let Some(start) = NonNull::new(map.as_ptr().cast_mut()) else {
        return Ok(Buffer::default());
    };
    // SAFETY: `start` points to `len` bytes that live until the owner given here, the mapping
    // itself, is dropped. `Buffer` only reads.
    Ok(unsafe { Buffer::from_custom_allocation(start, len, Arc::new(map)) })
}

/// Bytes of the magic, its padding and the footer's length.
const MAGIC_BYTES: usize = 8;
const TRAILER_BYTES: usize = 10;

/// The one batch of an Arrow IPC file, sharing the buffer's memory.
fn decode(buffer: &Buffer) -> Result<RecordBatch, ArrowError> {
    let damaged = |what: &str| ArrowError::IpcError(what.to_owned());
    let trailer_at = buffer
        .len()
        .checked_sub(TRAILER_BYTES)
        .filter(|at| *at >= MAGIC_BYTES)
        .ok_or_else(|| damaged("too short"))?;
    let trailer = <[u8; TRAILER_BYTES]>::try_from(&buffer[trailer_at..])
        .map_err(|error| damaged(&error.to_string()))?;
    let footer_at = trailer_at
        .checked_sub(read_footer_length(trailer)?)
        .ok_or_else(|| damaged("footer longer than the file"))?;
    let footer = root_as_footer(&buffer[footer_at..trailer_at])
        .map_err(|error| damaged(&error.to_string()))?;
    // The reader proper checks the schema and versions; it reads no rows here.
    let schema = FileReaderBuilder::new()
        .build(Cursor::new(buffer.as_slice()))?
        .schema();
    let mut decoder = FileDecoder::new(schema, footer.version());
    for block in footer.dictionaries().iter().flatten() {
        decoder.read_dictionary(block, &block_bytes(buffer, block)?)?;
    }
    let mut batches = footer.recordBatches().into_iter().flatten();
    let (Some(block), None) = (batches.next(), batches.next()) else {
        return Err(damaged("not exactly one batch"));
    };
    let batch = decoder.read_record_batch(block, &block_bytes(buffer, block)?)?;
    batch.ok_or_else(|| damaged("no rows in the batch"))
}

/// The bytes of a block, checked against the file's length.
fn block_bytes(buffer: &Buffer, block: &Block) -> Result<Buffer, ArrowError> {
    let outside = || ArrowError::IpcError("block outside the file".to_owned());
    let start = usize::try_from(block.offset()).ok().ok_or_else(outside)?;
    let meta_bytes = usize::try_from(block.metaDataLength())
        .ok()
        .ok_or_else(outside)?;
    let body_bytes = usize::try_from(block.bodyLength())
        .ok()
        .ok_or_else(outside)?;
    let n_bytes = meta_bytes.checked_add(body_bytes).ok_or_else(outside)?;
    match start.checked_add(n_bytes) {
        Some(end) if end <= buffer.len() => Ok(buffer.slice_with_length(start, n_bytes)),
        _ => Err(outside()),
    }
}
