//! The rows behind every finding as files of their own.
//!
//! In: a picture whose checks have come to rest, a folder. Out: one CSV or Parquet file per finding
//! with rows, named by check, code, table and columns, and `findings.csv`, which lists all findings.
//! The same picture gives the same bytes. The folder appears whole or not at all, and takes the place
//! of an earlier export only.

mod names;

mod index;

mod folder;

pub use index::{Entry, INDEX};

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_select::take::take;
use interlock_plugin_api::outcome::{Finding, Severity};

use crate::export::{self, ExportError};
use crate::picture::{CheckState, Picture, Standing};
use crate::table::TableView;

/// Forms of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Delimited text.
    Csv,
    /// Parquet.
    Parquet,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The folder holds what no export has written.
    #[error("'{}' is not replaced: {why}", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// What stands in the way.
        why: String,
    },
    /// The disk refused.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

/// Writes the rows behind every finding of a result that holds: not of checks that broke, and not of
/// inputs that have changed since. Gives the list of all such findings, in the order of the checks'
/// ids.
///
/// # Errors
/// If the folder holds something else than an earlier export, or cannot be written; then everything
/// is as it was before.
pub fn write(picture: &Picture, folder: &Path, form: Form) -> Result<Vec<Entry>, EvidenceError> {
    folder::whole(folder, |part| {
        let entries = entries(picture, part, form)?;
        let path = part.join(INDEX);
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(index::text(&entries).as_bytes())?;
            // A full disk may tell only now.
            file.sync_all()
        });
        written.map_err(|error| EvidenceError::Failed {
            path,
            reason: error.to_string(),
        })?;
        Ok(entries)
    })
}

fn entries(picture: &Picture, folder: &Path, form: Form) -> Result<Vec<Entry>, EvidenceError> {
    let mut checks: Vec<&CheckState> = picture.checks.iter().map(AsRef::as_ref).collect();
    checks.retain(|check| holds(check));
    checks.sort_by(|a, b| a.info.id.cmp(&b.info.id));
    let mut taken = vec![INDEX.to_owned()];
    let mut entries = Vec::new();
    for check in checks {
        let findings = check.outcome.iter().flat_map(|outcome| &outcome.findings);
        for finding in findings {
            entries.push(one(
                picture,
                &check.info.id,
                finding,
                (folder, form),
                &mut taken,
            )?);
        }
    }
    Ok(entries)
}

/// Whether a check's outcome is of the inputs as they are now.
fn holds(check: &CheckState) -> bool {
    let is_verdict = matches!(
        check.standing,
        Standing::Pass | Standing::Warn | Standing::Fail | Standing::Inconclusive
    );
    is_verdict && !check.is_partial
}

fn one(
    picture: &Picture,
    check: &str,
    finding: &Finding,
    (folder, form): (&Path, Form),
    taken: &mut Vec<String>,
) -> Result<Entry, EvidenceError> {
    let place = &finding.place;
    let rows = place.rows.as_ref().filter(|rows| !rows.rows.is_empty());
    let table = rows.and_then(|rows| {
        let mut inputs = picture.project.inputs.iter();
        let input = inputs.find(|input| input.role == Some(rows.role))?;
        input.table.as_deref()
    });
    let mut entry = Entry {
        file: String::new(),
        check: check.to_owned(),
        code: finding.code.clone(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        table: rows.map_or("", |rows| rows.role.name()),
        columns: place.columns.join("; "),
        n_rows: rows.map_or(0, |rows| rows.total),
        n_in_file: 0,
        texts: [&finding.title, &finding.explanation, &finding.advice].map(Clone::clone),
        hash: String::new(),
    };
    let (Some(rows), Some(table)) = (rows, table) else {
        return Ok(entry);
    };
    let ending = match form {
        Form::Csv => "csv",
        Form::Parquet => "parquet",
    };
    let name = names::of(check, &finding.code, rows.role.name(), &place.columns);
    let name = format!("{}.{ending}", names::free(&name, taken));
    let path = folder.join(&name);
    let failed = |reason: String| EvidenceError::Failed {
        path: path.clone(),
        reason,
    };
    let cut = cut(table, &rows.rows, &place.columns).map_err(&failed)?;
    let (n_rows, n_columns) = (cut.n_rows(), cut.n_columns());
    let all: Vec<u32> = (0..u32::try_from(n_rows).unwrap_or(u32::MAX)).collect();
    let columns: Vec<usize> = (0..n_columns).collect();
    export::write(&cut, (&all, &columns), &path, false).map_err(|error| match error {
        ExportError::Failed { reason, .. } => failed(reason),
        error => failed(error.to_string()),
    })?;
    entry.hash = index::hash(&path).ok_or_else(|| failed("it cannot be read back".to_owned()))?;
    entry.n_in_file = n_rows;
    entry.file = name;
    Ok(entry)
}

/// These rows as a table of their own: position, file and line first, then the columns a finding
/// names, then all others.
fn cut(table: &TableView, rows: &[u64], first: &[String]) -> Result<TableView, String> {
    let said = |error: arrow_schema::ArrowError| error.to_string();
    let rows: Vec<u64> = rows
        .iter()
        .copied()
        .filter(|row| *row < table.n_rows())
        .collect();
    let positions = rows
        .iter()
        .map(|row| u32::try_from(*row).unwrap_or(u32::MAX));
    let positions = UInt32Array::from_iter_values(positions);
    let batch = table.record_batch();
    let names = table.column_names();
    let mut order: Vec<usize> = Vec::new();
    let named = first.iter().filter_map(|name| table.column_idx(name));
    for column in named.chain(0..table.n_columns()) {
        if !order.contains(&column) {
            order.push(column);
        }
    }
    let own = |name: &str| {
        let mut name = name.to_owned();
        while names.contains(&name.as_str()) {
            name.push('_');
        }
        name
    };
    let line = |row: &u64| {
        table
            .source_line(*row)
            .and_then(|line| i64::try_from(line).ok())
    };
    let position = |row: &u64| i64::try_from(*row).unwrap_or(i64::MAX);
    let mut columns: Vec<(String, ArrayRef)> = vec![(
        own("interlock_row"),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(position))),
    )];
    if rows.iter().any(|row| line(row).is_some()) {
        let files: StringArray = rows.iter().map(|row| table.source_file(*row)).collect();
        let lines: Int64Array = rows.iter().map(line).collect();
        columns.push((own("interlock_file"), Arc::new(files)));
        columns.push((own("interlock_line"), Arc::new(lines)));
    }
    for column in order {
        let taken = take(&batch.columns()[column], &positions, None).map_err(said)?;
        columns.push((names[column].to_owned(), taken));
    }
    TableView::from_batch(RecordBatch::try_from_iter(columns).map_err(said)?)
}

#[cfg(test)]
mod tests;
