//! A cleaned sheet → a Parquet file.
//!
//! In: a sheet, the rows to write, and for Parquet and Arrow sources their own columns. Out: Parquet. A
//! column in which nothing was changed is written from the source's own column, of whatever type; one
//! that was changed has the loader's type: integers, floats, truth values, dates, times or text.

use std::fs::File;
use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchReader, StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_ipc::reader::{FileReaderBuilder, StreamReader};
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::concat::concat_batches;
use arrow_select::take::take;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::cell::{Base, Cell, Kind};
use super::sheet::{Column, Sheet, small};
use crate::load::source::Format;

/// The columns of a Parquet or Arrow file as they stand; `None` for other formats.
pub(super) fn own_columns(
    format: Format,
    bytes: Vec<u8>,
) -> Result<Option<RecordBatch>, ArrowError> {
    fn all(batches: impl RecordBatchReader) -> Result<RecordBatch, ArrowError> {
        let schema = batches.schema();
        let batches = batches.collect::<Result<Vec<_>, _>>()?;
        concat_batches(&schema, &batches)
    }
    match format {
        Format::Parquet => {
            let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes))?;
            all(builder.build()?).map(Some)
        }
        Format::Arrow if bytes.starts_with(b"ARROW1") => {
            all(FileReaderBuilder::new().build(Cursor::new(bytes))?).map(Some)
        }
        Format::Arrow => all(StreamReader::try_new(Cursor::new(bytes), None)?).map(Some),
        Format::Delimited | Format::JsonLines => Ok(None),
    }
}

/// The rows of a sheet as one batch; `first_row` is that of the file in the table.
pub(super) fn batch(
    sheet: &Sheet,
    rows: &[usize],
    first_row: usize,
    own: (&RecordBatch, bool),
) -> Result<RecordBatch, ArrowError> {
    let (source, is_whole_file) = own;
    let offset = if is_whole_file { first_row } else { 0 };
    let places: UInt32Array = rows.iter().map(|row| small(row - offset)).collect();
    let (mut fields, mut arrays) = (Vec::new(), Vec::<ArrayRef>::new());
    // Columns the loader left out are only in the source; those made here only in the sheet.
    for (field, array) in source.schema_ref().fields().iter().zip(source.columns()) {
        let column = sheet
            .columns
            .iter()
            .find(|column| column.name == *field.name());
        match column {
            Some(column) if column.dropped_by.is_some() => {}
            Some(column) if column.is_touched() => {
                push(
                    &mut fields,
                    &mut arrays,
                    &column.name,
                    changed(column, rows),
                );
            }
            _ => {
                fields.push(field.as_ref().clone().with_nullable(true));
                arrays.push(take(array, &places, None)?);
            }
        }
    }
    for column in &sheet.columns {
        if column.is_added() && column.dropped_by.is_none() {
            push(
                &mut fields,
                &mut arrays,
                &column.name,
                changed(column, rows),
            );
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

fn push(fields: &mut Vec<Field>, arrays: &mut Vec<ArrayRef>, name: &str, array: ArrayRef) {
    fields.push(Field::new(name, array.data_type().clone(), true));
    arrays.push(array);
}

/// Writes a batch.
pub(super) fn write(file: File, batch: &RecordBatch) -> Result<(), String> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let told = |error: parquet::errors::ParquetError| error.to_string();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(told)?;
    writer.write(batch).map_err(told)?;
    let file = writer.into_inner().map_err(told)?;
    file.sync_all().map_err(|error| error.to_string())
}

/// A column that was changed, in these rows.
fn changed(column: &Column, rows: &[usize]) -> ArrayRef {
    let cells = || rows.iter().map(|row| column.cell(*row));
    let is_whole = |cell: Cell<'_>| match cell {
        Cell::Missing | Cell::Int(_) => true,
        Cell::Text(text) => text.trim().parse::<i64>().is_ok(),
        _ => false,
    };
    let kind = match column.kind {
        Kind::Int if !cells().all(is_whole) => Kind::Float,
        kind => kind,
    };
    match kind {
        Kind::Int => {
            let values = cells().map(|cell| match cell {
                Cell::Int(value) => Some(value),
                Cell::Text(text) => text.trim().parse().ok(),
                _ => None,
            });
            Arc::new(values.collect::<Int64Array>())
        }
        Kind::Float => Arc::new(cells().map(Cell::number).collect::<Float64Array>()),
        Kind::Bool => {
            let values = cells().map(|cell| match cell {
                Cell::Bool(value) => Some(value),
                _ => None,
            });
            Arc::new(values.collect::<BooleanArray>())
        }
        Kind::Time if matches!(column.base, Base::Date(_)) => {
            let days = cells().map(|cell| match cell {
                Cell::Time(days) => i32::try_from(days).ok(),
                _ => None,
            });
            Arc::new(days.collect::<Date32Array>())
        }
        Kind::Time => {
            let times = cells().map(|cell| match cell {
                Cell::Time(micros) => Some(micros),
                _ => None,
            });
            Arc::new(times.collect::<TimestampMicrosecondArray>())
        }
        Kind::Text => {
            let texts = rows.iter().map(|row| column.text(*row));
            Arc::new(texts.collect::<StringArray>())
        }
    }
}
