//! Files → a table in the cache, and everything that was wrong with them.
//!
//! In: a [`LoadSpec`]. Out: [`Loaded`]. One bad row never loses a table: it is left out and named by
//! file and line. Types are those a user of pandas expects, inferred over the whole file, never from
//! a sample: integers, floats, truth values (`True`, `true`; never yes and no), ISO dates and
//! timestamps, else text. Differences from pandas, on purpose:
//!
//! - integers and truth values with missing ones stay what they are;
//! - digits with a leading zero (`01234`) are codes, so text;
//! - blanks around values are no part of them, unless quoted;
//! - NaN is missing;
//! - a text column with few distinct values is categorical: at most
//!   [`ALWAYS_CATEGORICAL`](column::ALWAYS_CATEGORICAL), or at most
//!   [`MAX_CATEGORIES`](column::MAX_CATEGORIES) with
//!   [`ROWS_PER_CATEGORY`](column::ROWS_PER_CATEGORY) rows each. Categories are in the order of their
//!   bytes.

pub(crate) mod spec;

pub(crate) mod source;

pub(crate) mod token;

pub(crate) mod intern;

pub(crate) mod column;

pub(crate) mod piece;

pub(crate) mod scan;

pub(crate) mod dialect;

pub(crate) mod delimited;

pub(crate) mod join;

pub(crate) mod notes;

pub(crate) mod assemble;

pub(crate) mod cache;

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};

pub use column::{ALWAYS_CATEGORICAL, MAX_CATEGORIES, ROWS_PER_CATEGORY};
pub use spec::{ColumnSpec, DEFAULT_MISSING, LoadSpec, Loaded, LoadedColumn, LoadedTable};

use crate::fingerprint::{Fingerprint, column_fingerprint, table_fingerprint};
use crate::problem::Problem;
use crate::table::{TableView, kind_of};
use assemble::{SourceFile, assemble};

/// Loads a table: from the cache if these bytes were loaded before, else from its files.
///
/// `root` is the project's folder: files in it are named relative to it in problems.
pub fn load(spec: &LoadSpec, root: &Path, cache_dir: &Path) -> Loaded {
    let mut problems = Vec::new();
    let files = read_files(spec, root, &mut problems);
    let source = source_fingerprint(spec, &files);
    let assembled = assemble(spec, &files);
    problems.extend(assembled.problems);
    let Some(batch) = assembled.batch else {
        return Loaded {
            table: None,
            problems,
        };
    };
    match keep(&batch, cache_dir) {
        Ok(kept) => {
            let view = kept.view.with_lines(Arc::new(assembled.lines));
            let table = LoadedTable {
                content: kept.content,
                source,
                columns: kept.columns,
                n_rows: view.n_rows(),
                cache_path: kept.cache_path,
                view: Arc::new(view),
            };
            Loaded {
                table: Some(Arc::new(table)),
                problems,
            }
        }
        Err(why) => {
            let file = cache_dir.display().to_string();
            let help = "check that the folder can be written and the disk is not full";
            problems.push(notes::of_file(&file, why, help, true));
            Loaded {
                table: None,
                problems,
            }
        }
    }
}

fn read_files<'a>(
    spec: &'a LoadSpec,
    root: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<SourceFile<'a>> {
    let mut files = Vec::new();
    for path in &spec.files {
        let shown = path
            .strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string();
        match source::read(path) {
            Ok(bytes) => files.push(SourceFile { path, shown, bytes }),
            Err(error) => {
                problems.push(notes::of_file(
                    &shown,
                    format!("cannot be read: {error}"),
                    "",
                    true,
                ));
            }
        }
    }
    files
}

/// Grows with every change of what the same bytes are read as.
const READER_VERSION: u32 = 1;

fn source_fingerprint(spec: &LoadSpec, files: &[SourceFile<'_>]) -> Fingerprint {
    let settings = format!(
        "{READER_VERSION} {:?} {:?} {:?} {:?}",
        spec.missing, spec.columns, spec.delimiter, spec.header
    );
    let hashes: Vec<Fingerprint> = files
        .iter()
        .map(|file| Fingerprint::of_bytes(&file.bytes))
        .collect();
    let names = files.iter().map(|file| file.shown.as_bytes());
    let of_files = names
        .zip(&hashes)
        .flat_map(|(name, hash)| [name, &hash.as_bytes()[..]]);
    Fingerprint::of_parts([settings.as_bytes()].into_iter().chain(of_files))
}

struct Kept {
    content: Fingerprint,
    columns: Vec<LoadedColumn>,
    cache_path: std::path::PathBuf,
    view: TableView,
}

/// Hashes a batch and puts it in the cache.
fn keep(batch: &RecordBatch, cache_dir: &Path) -> Result<Kept, String> {
    let mut columns = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let unknown = || format!("column `{}` is {}", field.name(), field.data_type());
        columns.push(LoadedColumn {
            name: field.name().clone(),
            kind: kind_of(field.data_type()).ok_or_else(unknown)?,
            fingerprint: column_fingerprint(array).ok_or_else(unknown)?,
            n_missing: array.null_count() as u64,
            n_distinct: array
                .as_any_dictionary_opt()
                .map(|dictionary| dictionary.values().len() as u64),
        });
    }
    let content = table_fingerprint(
        columns
            .iter()
            .map(|column| (column.name.as_str(), column.fingerprint)),
    );
    let cache_path = cache::table_path(cache_dir, content);
    cache::write_table(&cache_path, batch)
        .map_err(|error| format!("cannot be written: {error}"))?;
    let view = TableView::open(&cache_path).map_err(|error| error.to_string())?;
    Ok(Kept {
        content,
        columns,
        cache_path,
        view,
    })
}
