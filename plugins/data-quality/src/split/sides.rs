//! The columns of the training table beside the same columns of other tables.
//!
//! In: tables, first the training table. Out: each column as numbers, or as codes that mean the
//! same in every table.

use interlock_plugin_api::{CheckError, Column, ColumnKind, ProjectFacts, Table};
use interlock_report::words::{names, shortened};

use crate::coded::Coder;

/// One column of one table.
pub(crate) enum Cells {
    /// Numbers; NaN is missing.
    Numbers(Vec<f64>),
    /// Codes shared by all tables; `MISSING` is missing.
    Codes(Vec<u32>),
    /// The table does not have the column, or has another type.
    Absent,
}

/// One column of every table.
pub(crate) struct Beside {
    pub(crate) name: String,
    /// One per table, the training table first; that one is never absent.
    pub(crate) tables: Vec<Cells>,
    /// Codes are below this; 0 for numbers.
    pub(crate) n_codes: usize,
}

impl Beside {
    /// The same column without its cells: what a note needs of it.
    pub(crate) fn without_cells(mut self) -> Self {
        for cells in &mut self.tables {
            match cells {
                Cells::Numbers(numbers) => *numbers = Vec::new(),
                Cells::Codes(codes) => *codes = Vec::new(),
                Cells::Absent => {}
            }
        }
        self
    }
}

/// Which columns to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Ordered numbers only.
    Numbers,
    /// Everything else but dates.
    Codes,
    /// Both.
    All,
}

/// The model's possible inputs: all columns but target, id, time, and dates.
///
/// # Errors
/// If a column's memory does not hold together.
pub(crate) fn inputs(
    facts: &ProjectFacts,
    tables: &[Table<'_>],
    want: Want,
) -> Result<Vec<Beside>, CheckError> {
    each_input(facts, tables, want).collect()
}

/// As [`inputs`], read one after the other, so that a large table is never held as a whole.
pub(crate) fn each_input(
    facts: &ProjectFacts,
    tables: &[Table<'_>],
    want: Want,
) -> impl Iterator<Item = Result<Beside, CheckError>> {
    let is_wanted = move |kind: ColumnKind| match want {
        Want::Numbers => kind == ColumnKind::Numeric,
        Want::Codes => !matches!(kind, ColumnKind::Numeric | ColumnKind::Date),
        Want::All => kind != ColumnKind::Date,
    };
    let wanted = facts
        .features()
        .filter(move |column| is_wanted(column.kind));
    wanted.filter_map(|column| {
        let is_number = column.kind == ColumnKind::Numeric;
        beside(tables, &column.name, is_number).transpose()
    })
}

/// One column of every table, or nothing if the training table lacks it.
///
/// # Errors
/// If its memory does not hold together.
pub(crate) fn beside(
    tables: &[Table<'_>],
    name: &str,
    as_numbers: bool,
) -> Result<Option<Beside>, CheckError> {
    let mut columns: Vec<Option<Column<'_>>> =
        tables.iter().map(|table| table.column(name).ok()).collect();
    let Some(Some(first)) = columns.first().copied() else {
        return Ok(None);
    };
    for column in &mut columns {
        // A column of another type shares no value with it: that is for the schema to say.
        *column = column.filter(|column| column.is_numeric() == first.is_numeric());
    }
    let mut coder = Coder::default();
    let mut n_codes = 0;
    let mut cells = Vec::with_capacity(tables.len());
    for column in columns {
        cells.push(match column {
            None => Cells::Absent,
            Some(column) if as_numbers && column.is_numeric() => Cells::Numbers(column.numbers()?),
            Some(column) => {
                let codes = coder.code(&column)?;
                n_codes = codes.n_codes;
                Cells::Codes(codes.codes)
            }
        });
    }
    Ok(Some(Beside {
        name: name.to_owned(),
        tables: cells,
        n_codes,
    }))
}

/// How often each code stands in a table.
pub(crate) fn counts(codes: &[u32], n_codes: usize) -> Vec<u64> {
    let mut counts = vec![0; n_codes];
    for code in codes {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    counts
}

/// The value behind a code, as a reader knows it.
pub(crate) fn value_of(table: &Table<'_>, name: &str, codes: &[u32], code: u32) -> String {
    let row = codes.iter().position(|other| *other == code);
    let column = table.column(name).ok();
    let text = row.and_then(|row| column.and_then(|column| column.display(row)));
    shortened(&text.unwrap_or_default())
}

/// Says which columns a table does not have in the same type.
pub(crate) fn absent_note(columns: &[Beside], table: usize, role: &str) -> Option<String> {
    let absent: Vec<&str> = columns
        .iter()
        .filter(|column| matches!(column.tables.get(table), Some(Cells::Absent)))
        .map(|column| column.name.as_str())
        .collect();
    let list = names(absent.iter().copied());
    (!absent.is_empty()).then(|| {
        format!("Not compared, as the {role} table does not have them in the same type: {list}.")
    })
}
