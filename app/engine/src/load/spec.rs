//! What is asked of the loader and what it gives back.

use std::path::PathBuf;
use std::sync::Arc;

use interlock_plugin_api::facts::ColumnKind;
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::problem::Problem;
use crate::table::TableView;

/// One table to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadSpec {
    /// Its files, in order; several are one table, appended.
    pub files: Vec<PathBuf>,
    /// Texts that stand for a missing value besides [`DEFAULT_MISSING`].
    pub missing: Vec<String>,
    /// Columns whose kind is declared rather than inferred.
    pub columns: Vec<ColumnSpec>,
    /// The separator of delimited files; found out if `None`.
    pub delimiter: Option<u8>,
    /// Whether delimited files begin with a line of column names; found out if `None`.
    pub header: Option<bool>,
}

/// A declared column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// How it is to be read.
    pub kind: ColumnKind,
}

/// Texts that stand for a missing value in text formats: those of `pandas.read_csv`.
pub const DEFAULT_MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// A table, if there is one, and what was wrong on the way.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// `None` if nothing could be loaded; a problem says why.
    pub table: Option<Arc<LoadedTable>>,
    /// What was left out, changed or guessed, in the order of files and lines.
    pub problems: Vec<Problem>,
}

/// A table in the cache.
#[derive(Debug, Clone)]
pub struct LoadedTable {
    /// Hash of names, types and values; the same for the same table in another format.
    pub content: Fingerprint,
    /// Hash of the files' bytes and of the [`LoadSpec`]; equal means: need not be parsed again.
    pub source: Fingerprint,
    /// The columns in table order.
    pub columns: Vec<LoadedColumn>,
    /// Number of rows.
    pub n_rows: u64,
    /// The Arrow IPC file, named by `content`.
    pub cache_path: PathBuf,
    /// The rows.
    pub view: Arc<TableView>,
}

/// A column of a table in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedColumn {
    /// Its name, unique in the table.
    pub name: String,
    /// How it is to be read.
    pub kind: ColumnKind,
    /// Hash of type and values, without the name.
    pub fingerprint: Fingerprint,
    /// Rows without a value.
    pub n_missing: u64,
    /// Different values that occur, for categorical and boolean columns; `None` where it was not
    /// counted.
    pub n_distinct: Option<u64>,
}
