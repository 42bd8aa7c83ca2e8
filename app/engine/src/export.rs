//! Rows of a table as text and as files of their own.
//!
//! In: a [`TableView`], positions of rows and columns, a path. Out: a CSV, TSV or Parquet file that
//! reads back as the same values, or tab-separated text. An existing file is replaced only if that
//! is said, and never by half a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_select::take::take;
use parquet::arrow::ArrowWriter;

use crate::table::{TableView, cell_text};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is a file of that name.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// The name says no format.
    #[error("'{}' names no format; end it with .csv, .tsv or .parquet", .0.display())]
    UnknownFormat(PathBuf),
    /// The disk or the format refused.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

/// Writes these rows and columns, in this order, into a new file. Its name says the format.
///
/// # Errors
/// If the file exists and may not be replaced, or cannot be written; then nothing is left behind.
pub fn write(
    table: &TableView,
    (rows, columns): (&[u32], &[usize]),
    path: &Path,
    may_replace: bool,
) -> Result<(), ExportError> {
    let extension = path.extension().and_then(|text| text.to_str());
    let format = extension.unwrap_or_default().to_ascii_lowercase();
    if !matches!(format.as_str(), "csv" | "tsv" | "parquet") {
        return Err(ExportError::UnknownFormat(path.to_owned()));
    }
    if !may_replace && path.exists() {
        return Err(ExportError::Exists(path.to_owned()));
    }
    let failed = |reason: String| ExportError::Failed {
        path: path.to_owned(),
        reason,
    };
    // Written beside it, then moved into place: a full disk leaves no half a file.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let file = OpenOptions::new().write(true).create_new(true).open(&part);
    let file = file.map_err(|error| failed(error.to_string()))?;
    let written = match format.as_str() {
        "parquet" => write_parquet(table, (rows, columns), file),
        "tsv" => write_text(table, (rows, columns), b'\t', file),
        _ => write_text(table, (rows, columns), b',', file),
    };
    let moved = written.and_then(|()| {
        let placed = if may_replace {
            fs::rename(&part, path)
        } else {
            // Unlike a renaming, this fails if a file of that name has come meanwhile.
            fs::hard_link(&part, path).and_then(|()| fs::remove_file(&part))
        };
        placed.map_err(|error| error.to_string())
    });
    moved.map_err(|reason| {
        let _gone = fs::remove_file(&part);
        failed(reason)
    })
}

/// The rows with a heading, cells separated by tabs, as spreadsheets take them.
pub fn to_tsv(table: &TableView, (rows, columns): (&[u32], &[usize])) -> String {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _whole = write_separated(table, (rows, columns), b'\t', &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn write_text(
    table: &TableView,
    chosen: (&[u32], &[usize]),
    separator: u8,
    file: File,
) -> Result<(), String> {
    let mut out = BufWriter::new(file);
    write_separated(table, chosen, separator, &mut out)
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

fn write_separated(
    table: &TableView,
    (rows, columns): (&[u32], &[usize]),
    separator: u8,
    out: &mut impl Write,
) -> io::Result<()> {
    let names = table.column_names();
    let arrays: Vec<&ArrayRef> = columns
        .iter()
        .filter_map(|column| table.record_batch().columns().get(*column))
        .collect();
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.write_all(&[separator])?;
        }
        write_field(names.get(*column).copied(), separator, out)?;
    }
    out.write_all(b"\n")?;
    for row in rows {
        for (place, array) in arrays.iter().enumerate() {
            if place > 0 {
                out.write_all(&[separator])?;
            }
            write_field(cell_text(array, *row as usize).as_deref(), separator, out)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A missing value is nothing at all; an empty text is a pair of quotes.
fn write_field(text: Option<&str>, separator: u8, out: &mut impl Write) -> io::Result<()> {
    let Some(text) = text else {
        return Ok(());
    };
    let is_odd = |byte: u8| byte == separator || matches!(byte, b'"' | b'\n' | b'\r');
    let has_blank_end = text.trim().len() != text.len();
    if !text.is_empty() && !has_blank_end && !text.bytes().any(is_odd) {
        return out.write_all(text.as_bytes());
    }
    write!(out, "\"{}\"", text.replace('"', "\"\""))
}

fn write_parquet(
    table: &TableView,
    (rows, columns): (&[u32], &[usize]),
    file: File,
) -> Result<(), String> {
    let batch = table
        .record_batch()
        .project(columns)
        .map_err(|error| error.to_string())?;
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), None).map_err(|error| error.to_string())?;
    for part in rows.chunks(ROWS_AT_ONCE) {
        let indices = UInt32Array::from(part.to_vec());
        let taken: Result<Vec<ArrayRef>, _> = batch
            .columns()
            .iter()
            .map(|array| take(array, &indices, None))
            .collect();
        let taken = taken
            .and_then(|columns| RecordBatch::try_new(batch.schema(), columns))
            .map_err(|error| error.to_string())?;
        writer.write(&taken).map_err(|error| error.to_string())?;
    }
    writer
        .close()
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Rows encoded at a time, so that memory stays small.
const ROWS_AT_ONCE: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use crate::load::{LoadSpec, load};

    use super::*;

    const TABLE: &str = "id,name,rate,day,note\n\
        1,\"a,b\",0.5,2024-01-31,\"x \"\"y\"\"\"\n\
        2,car,,1969-12-31,\"\"\n\
        9223372036854775807,\" z\",-1e300,,\"two\nlines\"\n";

    fn loaded(path: &Path, cache: &Path) -> std::sync::Arc<crate::load::LoadedTable> {
        let spec = LoadSpec {
            files: vec![path.to_owned()],
            ..LoadSpec::default()
        };
        let folder = path.parent().unwrap();
        load(&spec, folder, cache).table.unwrap()
    }

    fn cells(table: &TableView, rows: &[u64]) -> Vec<Vec<Option<String>>> {
        let row = |row: &u64| (0..5).map(|column| table.cell(*row, column)).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_cells() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.csv");
        fs::write(&source, TABLE).unwrap();
        let table = loaded(&source, folder.path());
        for name in ["out.csv", "out.tsv", "out.PARQUET"] {
            let path = folder.path().join(name);
            write(&table.view, (&[2, 0], &[0, 1, 2, 3, 4]), &path, false).unwrap();
            let back = loaded(&path, folder.path());
            assert_eq!(
                cells(&back.view, &[0, 1]),
                cells(&table.view, &[2, 0]),
                "{name}"
            );
        }
    }

    #[test]
    fn a_file_is_replaced_only_when_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.csv");
        fs::write(&source, TABLE).unwrap();
        let table = loaded(&source, folder.path());
        let chosen: (&[u32], &[usize]) = (&[1], &[0, 2]);
        let refused = write(&table.view, chosen, &source, false);
        assert!(
            matches!(refused, Err(ExportError::Exists(_))),
            "{refused:?}"
        );
        assert_eq!(fs::read_to_string(&source).unwrap(), TABLE);
        write(&table.view, chosen, &source, true).unwrap();
        assert_eq!(fs::read_to_string(&source).unwrap(), "id,rate\n2,\n");
        let odd = write(&table.view, chosen, &folder.path().join("x.xlsx"), true);
        assert!(matches!(odd, Err(ExportError::UnknownFormat(_))), "{odd:?}");
        let nowhere = folder.path().join("none/x.csv");
        let failed = write(&table.view, chosen, &nowhere, false);
        assert!(
            matches!(failed, Err(ExportError::Failed { .. })),
            "{failed:?}"
        );
        let left = fs::read_dir(folder.path()).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().ends_with(".part")),
            "{left:?}"
        );
    }

    #[test]
    fn the_clipboard_gets_a_heading_and_quoted_tabs() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.csv");
        fs::write(&source, "a,b\n1,\"x\ty\"\n2,z\n").unwrap();
        let table = loaded(&source, folder.path());
        let text = to_tsv(&table.view, (&[1, 0], &[1, 0]));
        assert_eq!(text, "b\ta\nz\t2\n\"x\ty\"\t1\n");
    }
}
