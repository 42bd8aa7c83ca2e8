//! The columns of a table in bins, for checks that look where the model errs.
//!
//! In: a table, the rows looked at. Out: a bin per row for each column worth looking at, what the bins
//! stand for, and notes on columns left out.

use interlock_plugin_api::{CheckError, Column, ColumnKind, Context, FeatureValues, Table};

use crate::bins::Bins;
use crate::segments::Binned;
use crate::subject::Subject;
use crate::wording::{counted, shortened};

/// Columns that are looked at most.
const MAX_COLUMNS: usize = 60;

/// Bins of a column.
const MAX_BINS: usize = 10;

/// Columns that a note names at most.
const MAX_NAMED: usize = 5;

/// One column that is looked at.
pub(crate) struct Searched {
    /// Its name.
    pub(crate) name: String,
    /// What its bins stand for.
    pub(crate) bins: Bins,
}

/// The columns that are looked at.
#[derive(Default)]
pub(crate) struct Inputs {
    /// What they are.
    pub(crate) searched: Vec<Searched>,
    /// Their bins, in the same order.
    pub(crate) binned: Vec<Binned>,
    /// Columns left out, and why.
    pub(crate) notes: Vec<String>,
}

impl Inputs {
    /// All columns but target, id, constants, and texts of which no value stands in `min_rows` of
    /// the rows looked at.
    ///
    /// # Errors
    /// If a column's memory does not hold together.
    pub(crate) fn of(
        ctx: &Context,
        table: &Table<'_>,
        subject: &Subject,
        min_rows: usize,
    ) -> Result<Self, CheckError> {
        let facts = ctx.facts();
        let mut inputs = Self::default();
        let mut n_left = 0_usize;
        let mut texts = Vec::new();
        for column in table.columns() {
            let name = column.name();
            let is_other = [&facts.target, &facts.id]
                .map(Option::as_deref)
                .contains(&Some(name));
            if is_other {
                continue;
            }
            if inputs.searched.len() == MAX_COLUMNS {
                n_left += 1;
                continue;
            }
            let values = values(&column, &subject.rows)?;
            if is_free_text(&values, min_rows) {
                texts.push(format!("'{}'", shortened(name)));
                continue;
            }
            inputs.push(name, &values);
        }
        if !texts.is_empty() {
            let more = texts.len().saturating_sub(MAX_NAMED);
            texts.truncate(MAX_NAMED);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            inputs.notes.push(format!(
                "Left out as free text, no value stands in {min_rows} rows: {}{rest}.",
                texts.join(", ")
            ));
        }
        if n_left > 0 {
            inputs.notes.push(format!(
                "Only the first {MAX_COLUMNS} columns were looked at; {} more were not.",
                counted(n_left, "column")
            ));
        }
        Ok(inputs)
    }

    fn push(&mut self, name: &str, values: &FeatureValues) {
        let bins = Bins::of(values, MAX_BINS);
        let places = bins.place(values);
        let missing = bins.missing();
        if places.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        self.binned.push(Binned {
            bins: places,
            missing,
            is_ordered: matches!(bins, Bins::Numbers { .. }),
        });
        self.searched.push(Searched {
            name: name.to_owned(),
            bins,
        });
    }
}

/// Whether categories are there of which none is frequent.
fn is_free_text(values: &FeatureValues, min_rows: usize) -> bool {
    let FeatureValues::Categorical { codes, categories } = values else {
        return false;
    };
    let mut counts = vec![0_usize; categories.len()];
    for &code in codes {
        if let Some(count) = counts.get_mut(code as usize) {
            *count += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    most > 0 && most < min_rows
}

/// The values of a column at some rows: categories if it is to be read as such, else numbers.
fn values(column: &Column<'_>, rows: &[usize]) -> Result<FeatureValues, CheckError> {
    let is_category = matches!(column.kind(), ColumnKind::Categorical | ColumnKind::Text);
    if is_category || !column.is_numeric() {
        let all = column.categories();
        return Ok(FeatureValues::Categorical {
            codes: rows.iter().map(|&row| all.codes[row]).collect(),
            categories: all.names,
        });
    }
    let all = column.numbers()?;
    Ok(FeatureValues::Numeric(
        rows.iter().map(|&row| all[row]).collect(),
    ))
}
