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

pub(crate) mod parallel;

pub(crate) mod delimited;

pub(crate) mod jsonl;

pub(crate) mod normal;

pub(crate) mod columnar;

pub(crate) mod join;

pub(crate) mod notes;

pub(crate) mod assemble;

pub(crate) mod cache;

pub(crate) mod completeness;

use std::path::Path;
use std::sync::Arc;

pub use cache::prune;
pub use column::{ALWAYS_CATEGORICAL, MAX_CATEGORIES, ROWS_PER_CATEGORY};
pub use completeness::{Completeness, completeness};
pub use spec::{ColumnSpec, DEFAULT_MISSING, LoadSpec, Loaded, LoadedColumn, LoadedTable};

use crate::fingerprint::Fingerprint;
use crate::problem::Problem;
use assemble::{SourceFile, assemble};

/// Loads a table: from the cache if these bytes were loaded before, else from its files.
///
/// `root` is the project's folder: files in it are named relative to it in problems.
pub fn load(spec: &LoadSpec, root: &Path, cache_dir: &Path) -> Loaded {
    load_keeping(spec, root, cache_dir).0
}

/// As [`load`]; the files it read come too, as they stood.
pub(crate) fn load_keeping<'a>(
    spec: &'a LoadSpec,
    root: &Path,
    cache_dir: &Path,
) -> (Loaded, Vec<SourceFile<'a>>) {
    let mut problems = Vec::new();
    let files = read_files(spec, root, &mut problems);
    let loaded = load_files(spec, &files, problems, cache_dir);
    (loaded, files)
}

fn load_files(
    spec: &LoadSpec,
    files: &[SourceFile<'_>],
    mut problems: Vec<Problem>,
    cache_dir: &Path,
) -> Loaded {
    let source = source_fingerprint(spec, files);
    if let Some((table, known)) = cache::look_up(cache_dir, source) {
        problems.extend(known);
        return Loaded {
            table: Some(Arc::new(table)),
            problems,
        };
    }
    let assembled = assemble(spec, files);
    let table = assembled.batch.and_then(|batch| {
        let kept = cache::keep(
            cache_dir,
            source,
            &batch,
            assembled.lines,
            &assembled.problems,
        );
        kept.map_err(|why| {
            let help = "check that the folder can be written and the disk is not full";
            let folder = cache_dir.display().to_string();
            problems.push(notes::of_file(&folder, why, help, true));
        })
        .ok()
    });
    problems.extend(assembled.problems);
    Loaded {
        table: table.map(Arc::new),
        problems,
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
            Ok(raw) => files.push(SourceFile { path, shown, raw }),
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
    if spec.files.is_empty() {
        let help = "name a file that exists";
        problems.push(notes::of_file("", "no file to load", help, true));
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
        .map(|file| Fingerprint::of_bytes(&file.raw))
        .collect();
    let names = files.iter().map(|file| file.shown.as_bytes());
    let of_files = names
        .zip(&hashes)
        .flat_map(|(name, hash)| [name, &hash.as_bytes()[..]]);
    Fingerprint::of_parts([settings.as_bytes()].into_iter().chain(of_files))
}
