//! The columns of a table as numbers or codes, over all rows or a sample.
//!
//! In: a table, the project's facts, a seed. Out: inputs and target, ready for pairs.

use interlock_plugin_api::{
    CheckError, Column, ColumnKind, Context, MISSING, ProjectFacts, Table, Task,
};
use interlock_stats::rng::Rng;

use crate::coded::Coder;

/// Classes of a target that is predicted, at most: counts per class must stay small.
pub(crate) const MAX_CLASSES: usize = 100;

/// One column, over the rows looked at.
pub(crate) struct Input<'t> {
    pub column: Column<'t>,
    pub cells: Cells,
}

/// Its cells.
pub(crate) enum Cells {
    /// NaN where missing or infinite.
    Numbers(Vec<f64>),
    Codes(Coded),
}

/// Codes in order of first appearance in the table.
pub(crate) struct Coded {
    /// [`MISSING`] where missing.
    pub codes: Vec<u32>,
    pub n_codes: usize,
    /// For each code a row of the table that has it.
    rows: Vec<usize>,
}

impl Input<'_> {
    pub(crate) fn name(&self) -> &str {
        self.column.name()
    }
}

impl Coded {
    /// The value a code stands for.
    pub(crate) fn name_of(&self, code: usize, column: &Column<'_>) -> String {
        let row = self.rows.get(code);
        row.and_then(|&row| column.display(row)).unwrap_or_default()
    }

    /// How often each code stands.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_codes];
        for &code in self.codes.iter().filter(|code| **code != MISSING) {
            counts[code as usize] += 1;
        }
        counts
    }
}

/// Positions looked at: all, or a sample in table order if there are more than `max_rows`.
pub(crate) fn rows_looked_at(n_rows: usize, max_rows: usize, seed: u64) -> Option<Vec<usize>> {
    (n_rows > max_rows).then(|| Rng::new(seed).sample_sorted(n_rows, max_rows))
}

/// What to say about a sample.
pub(crate) fn sample_note(n_rows: usize, rows: Option<&[usize]>) -> Option<String> {
    rows.map(|rows| {
        format!(
            "computed on {} of {n_rows} rows, drawn at random with the run's seed",
            rows.len()
        )
    })
}

/// Whether a column is to be read as numbers.
pub(crate) fn is_number(column: &Column<'_>) -> bool {
    column.is_numeric() && column.kind() == ColumnKind::Numeric
}

/// Whether a column is neither id nor time nor target.
pub(crate) fn is_feature(facts: &ProjectFacts, name: &str) -> bool {
    [&facts.id, &facts.time, &facts.target]
        .into_iter()
        .all(|role| role.as_deref() != Some(name))
}

/// Features of a table in its order, at the given rows. Dates are left out.
///
/// # Errors
/// If a column's memory does not hold together.
pub(crate) fn features<'t>(
    ctx: &Context,
    table: &'t Table<'_>,
    rows: Option<&[usize]>,
) -> Result<Vec<Input<'t>>, CheckError> {
    table
        .columns()
        .filter(|column| is_feature(ctx.facts(), column.name()))
        .filter(|column| column.kind() != ColumnKind::Date)
        .map(|column| input(column, rows))
        .collect()
}

/// One column as numbers if it is to be read so, else as codes.
///
/// # Errors
/// If its memory does not hold together.
pub(crate) fn input<'t>(
    column: Column<'t>,
    rows: Option<&[usize]>,
) -> Result<Input<'t>, CheckError> {
    let cells = if is_number(&column) {
        Cells::Numbers(numbers(&column, rows)?)
    } else {
        Cells::Codes(coded(&column, rows)?)
    };
    Ok(Input { column, cells })
}

/// Numbers, NaN where missing or infinite.
///
/// # Errors
/// If the column is text, or its memory does not hold together.
pub(crate) fn numbers(column: &Column<'_>, rows: Option<&[usize]>) -> Result<Vec<f64>, CheckError> {
    let finite = |value: f64| if value.is_finite() { value } else { f64::NAN };
    let all = column.numbers()?;
    Ok(match rows {
        Some(rows) => rows.iter().map(|&row| finite(all[row])).collect(),
        None => all.into_iter().map(finite).collect(),
    })
}

/// Codes.
///
/// # Errors
/// If the column's memory does not hold together.
pub(crate) fn coded(column: &Column<'_>, rows: Option<&[usize]>) -> Result<Coded, CheckError> {
    let codes = Coder::default().code(column)?;
    let mut first_rows = Vec::with_capacity(codes.n_codes);
    for (row, &code) in codes.codes.iter().enumerate() {
        if code as usize == first_rows.len() {
            first_rows.push(row);
        }
    }
    Ok(Coded {
        codes: match rows {
            Some(rows) => rows.iter().map(|&row| codes.codes[row]).collect(),
            None => codes.codes,
        },
        n_codes: codes.n_codes,
        rows: first_rows,
    })
}

/// The target, if the project names one and the table has it.
///
/// # Errors
/// If its memory does not hold together, or a regression's target is text.
pub(crate) fn target<'t>(
    ctx: &Context,
    table: &'t Table<'_>,
    rows: Option<&[usize]>,
) -> Result<Input<'t>, CheckError> {
    let facts = ctx.facts();
    let name = facts.target.as_deref();
    let name = name.ok_or_else(|| CheckError::missing_input("no target"))?;
    let column = table.column(name)?;
    let cells = if facts.task == Task::Regression {
        Cells::Numbers(numbers(&column, rows)?)
    } else {
        Cells::Codes(coded(&column, rows)?)
    };
    Ok(Input { column, cells })
}

/// As [`target`], for checks that predict it.
///
/// # Errors
/// As [`target`], and if it has more classes than [`MAX_CLASSES`].
pub(crate) fn predicted_target<'t>(
    ctx: &Context,
    table: &'t Table<'_>,
    rows: Option<&[usize]>,
) -> Result<Input<'t>, CheckError> {
    let found = target(ctx, table, rows)?;
    match &found.cells {
        Cells::Codes(coded) if coded.n_codes > MAX_CLASSES => {
            let message = format!(
                "the target '{}' has {} different values, more than the {MAX_CLASSES} classes that are predicted; if it is a number, say `task = \"regression\"`",
                found.name(),
                coded.n_codes
            );
            Err(CheckError::unsuitable(message))
        }
        Cells::Codes(_) | Cells::Numbers(_) => Ok(found),
    }
}
