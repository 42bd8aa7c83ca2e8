//! Tables and what was known of them ↔ files in the cache folder.
//!
//! `CONTENT.arrow` is a table. `SOURCE.index` says which table the bytes of some files gave, from
//! which lines, and with which problems, so that the same bytes need not be parsed again. Both are
//! named by hashes and replaced as a whole; what is damaged is made anew.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};

use super::parallel::in_order;
use super::spec::{LoadedColumn, LoadedTable};
use crate::fingerprint::{Fingerprint, column_fingerprint, table_fingerprint};
use crate::problem::Problem;
use crate::table::{SourceLines, TableView, kind_of};

/// What the bytes of some files gave.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    content: Fingerprint,
    lines: SourceLines,
    problems: Vec<Problem>,
}

/// The table that these bytes gave before, and the problems then; `None` if they are new or the
/// cache is damaged.
pub(crate) fn look_up(
    cache_dir: &Path,
    source: Fingerprint,
) -> Option<(LoadedTable, Vec<Problem>)> {
    let bytes = fs::read(index_path(cache_dir, source)).ok()?;
    let index: Index = rmp_serde::from_slice(&bytes).ok()?;
    let (view, columns) = open_checked(cache_dir, index.content)?;
    let view = Arc::new(view.with_lines(Arc::new(index.lines)));
    let table = LoadedTable {
        content: index.content,
        source,
        columns,
        n_rows: view.n_rows(),
        cache_path: table_path(cache_dir, index.content),
        view,
    };
    Some((table, index.problems))
}

/// Puts a table in the cache and maps it.
pub(crate) fn keep(
    cache_dir: &Path,
    source: Fingerprint,
    batch: &RecordBatch,
    lines: SourceLines,
    problems: &[Problem],
) -> Result<LoadedTable, String> {
    let cannot_write = |error: io::Error| format!("cannot be written: {error}");
    let columns = describe(batch)?;
    let content = content_of(&columns);
    let cache_path = table_path(cache_dir, content);
    let view = if let Some((view, _)) = open_checked(cache_dir, content) {
        view
    } else {
        write_table(&cache_path, batch).map_err(cannot_write)?;
        TableView::open(&cache_path).map_err(|error| error.to_string())?
    };
    let index = Index {
        content,
        lines,
        problems: problems.to_vec(),
    };
    let bytes = rmp_serde::to_vec_named(&index).map_err(|error| error.to_string())?;
    replace(&index_path(cache_dir, source), |mut file| {
        file.write_all(&bytes)
    })
    .map_err(cannot_write)?;
    let view = Arc::new(view.with_lines(Arc::new(index.lines)));
    Ok(LoadedTable {
        content,
        source,
        columns,
        n_rows: view.n_rows(),
        cache_path,
        view,
    })
}

/// Removes the tables written longest ago until the cache takes at most `max_bytes`, and indexes
/// of tables that are gone. Tables in `keep` stay, whatever they take. Maps of removed tables stay
/// good.
///
/// # Errors
/// If the folder cannot be listed. A file that cannot be removed is left.
pub fn prune(cache_dir: &Path, keep: &[Fingerprint], max_bytes: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(cache_dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((written, entry.path(), metadata.len()));
        }
    }
    files.sort();
    let has_extension =
        |path: &Path, extension: &str| path.extension().is_some_and(|e| e == extension);
    let newest = files.last().map(|(written, ..)| *written);
    let mut n_bytes: u64 = files.iter().map(|(.., size)| size).sum();
    for (written, path, size) in &files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_kept = stem
            .parse()
            .is_ok_and(|content: Fingerprint| keep.contains(&content));
        let age = newest.and_then(|newest| newest.duration_since(*written).ok());
        let is_abandoned =
            has_extension(path, "tmp") && age.is_some_and(|age| age > ABANDONED_AFTER);
        let is_surplus = has_extension(path, "arrow") && n_bytes > max_bytes && !is_kept;
        if (is_abandoned || is_surplus) && fs::remove_file(path).is_ok() {
            n_bytes -= size;
        }
    }
    for (_, path, _) in files
        .iter()
        .filter(|(_, path, _)| has_extension(path, "index"))
    {
        let index = fs::read(path)
            .ok()
            .and_then(|bytes| rmp_serde::from_slice::<Index>(&bytes).ok());
        let is_used = index.is_some_and(|index| table_path(cache_dir, index.content).exists());
        if !is_used {
            // Tried again next time.
            fs::remove_file(path).ok();
        }
    }
    Ok(())
}

/// A file half written so long before the newest one has lost its writer.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

fn table_path(cache_dir: &Path, content: Fingerprint) -> PathBuf {
    cache_dir.join(format!("{content}.arrow"))
}

fn index_path(cache_dir: &Path, source: Fingerprint) -> PathBuf {
    cache_dir.join(format!("{source}.index"))
}

/// Maps a table whose content is what its name says.
fn open_checked(cache_dir: &Path, content: Fingerprint) -> Option<(TableView, Vec<LoadedColumn>)> {
    let view = TableView::open(&table_path(cache_dir, content)).ok()?;
    let columns = describe(view.record_batch()).ok()?;
    (content_of(&columns) == content).then_some((view, columns))
}

fn content_of(columns: &[LoadedColumn]) -> Fingerprint {
    table_fingerprint(
        columns
            .iter()
            .map(|column| (column.name.as_str(), column.fingerprint)),
    )
}

/// Hashes and counts the columns of a batch; `Err` names a column of a type no cache file has.
fn describe(batch: &RecordBatch) -> Result<Vec<LoadedColumn>, String> {
    let schema = batch.schema_ref();
    let described = in_order(batch.num_columns(), |idx| {
        let (field, array) = (schema.field(idx), batch.column(idx));
        Some(LoadedColumn {
            name: field.name().clone(),
            kind: kind_of(field.data_type())?,
            fingerprint: column_fingerprint(array)?,
            n_missing: array.null_count() as u64,
            n_distinct: n_distinct(array),
        })
    });
    let columns = described.into_iter().zip(schema.fields());
    columns
        .map(|(column, field)| {
            let unknown = || format!("column `{}` is {}", field.name(), field.data_type());
            column.flatten().ok_or_else(unknown)
        })
        .collect()
}

fn n_distinct(array: &dyn Array) -> Option<u64> {
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            Some(u64::from(values.has_true()) + u64::from(values.has_false()))
        }
        DataType::Dictionary(..) => Some(array.as_any_dictionary_opt()?.values().len() as u64),
        _ => None,
    }
}

/// Writes a table under its final name; nobody ever sees half of it.
fn write_table(path: &Path, batch: &RecordBatch) -> io::Result<()> {
    replace(path, |file| {
        let mut writer = FileWriter::try_new(BufWriter::new(file), batch.schema_ref())
            .map_err(io::Error::other)?;
        writer.write(batch).map_err(io::Error::other)?;
        let mut buffered = writer.into_inner().map_err(io::Error::other)?;
        buffered.flush()
    })
}

/// Writes a file beside its final name, then renames it into place. Not forced to disk: a cache
/// lost in a power cut is made anew.
fn replace(path: &Path, write: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", process::id()));
    let written = File::create(&temporary)
        .and_then(write)
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What matters is the first error; a file left over is pruned later.
        fs::remove_file(&temporary).ok();
    }
    written
}
