//! The check `evaluation.weak-segments`.
//!
//! In: the test rows with all their columns, the model. Out: rules under which the model errs more
//! than elsewhere, found on one half of the rows and confirmed on the other.

use interlock_plugin_api::{
    CheckError, Column, ColumnKind, Context, FeatureValues, Outcome, Params, Role, Table, check,
};
use serde::{Deserialize, Serialize};

use crate::bins::Bins;
use crate::estimate::whole_number;
use crate::segment_report::{Report, Searched};
use crate::segments::{Binned, Search, weak_segments as search_segments};
use crate::subject::{Answers, Subject};
use crate::wording::{self, check_count, check_range, failed, inconclusive};

/// Columns that are searched at most.
const MAX_COLUMNS: usize = 60;

/// Bins of a column.
const MAX_BINS: usize = 10;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Accuracy of a segment relative to that of all rows, 0 to 1, below which a confirmed segment
    /// is weak; for regression the mean absolute error of all rows relative to the segment's.
    warn_below: f64,
    /// Share of the rows a segment holds at least, 0 to 0.5.
    min_share: f64,
    /// Rows a segment holds at least, 20 or more.
    min_rows: usize,
    /// Columns a rule combines at most, 1 to 3.
    max_columns: usize,
    /// Test rows looked at, at most; beyond, a random sample.
    max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_below: 0.8,
            min_share: 0.05,
            min_rows: 50,
            max_columns: 3,
            max_rows: 100_000,
        }
    }
}

#[check(
    id = "evaluation.weak-segments",
    title = "Weak segments",
    stage = "robustness",
    needs(test, model, target),
    codes(DQ123 = "the model does worse on a segment of the rows"),
    cost = "moderate",
    docs = "weak_segments.md"
)]
pub(crate) fn weak_segments(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("warn_below", settings.warn_below, 0.0, 1.0)?;
    check_range("min_share", settings.min_share, 0.0, 0.5)?;
    check_count("min_rows", settings.min_rows, 20, usize::MAX)?;
    check_count("max_columns", settings.max_columns, 1, 3)?;
    check_count("max_rows", settings.max_rows, 100, usize::MAX)?;
    let subject = Subject::sample_of(ctx, Role::Test, settings.max_rows)?;
    let n_rows = subject.n_rows();
    if n_rows < 4 * settings.min_rows {
        let summary = format!(
            "{n_rows} test rows are too few to search one half and confirm on the other; {} would do",
            4 * settings.min_rows
        );
        return Ok(inconclusive(summary, &subject.notes));
    }
    let losses = losses(&subject);
    let table = ctx.table(Role::Test)?;
    let mut notes = subject.notes.clone();
    let (searched, inputs) = columns(ctx, &table, &subject, &mut notes)?;
    ctx.progress(0.3, "searching");
    let least = wording_rows(settings.min_share * n_rows as f64).max(settings.min_rows);
    let search = Search {
        min_rows: least,
        max_conditions: settings.max_columns,
        is_error: matches!(subject.answers, Answers::Classes(_)),
        seed: ctx.seed(),
    };
    let segments = search_segments(&inputs, &losses, &search).map_err(failed)?;
    notes.push(format!(
        "Found on one half of the {n_rows} rows, confirmed on the other (one-sided test, Holm's correction over {} tried); segments of at least {least} rows in {}.",
        wording::counted(segments.len(), "rule"),
        wording::counted(searched.len(), "column")
    ));
    let report = Report {
        warn_below: settings.warn_below,
        subject: &subject,
        searched: &searched,
        inputs: &inputs,
        losses: &losses,
        segments: &segments,
    };
    let mut outcome = report.outcome();
    outcome.notes = notes;
    Ok(outcome)
}

fn wording_rows(rows: f64) -> usize {
    usize::try_from(whole_number(rows.ceil())).unwrap_or(usize::MAX)
}

/// 1 for a wrong class, the absolute error of a number.
fn losses(subject: &Subject) -> Vec<f64> {
    match &subject.answers {
        Answers::Classes(classes) => classes
            .truth
            .iter()
            .zip(&classes.decided)
            .map(|(truth, decided)| f64::from(u8::from(truth != decided)))
            .collect(),
        Answers::Numbers { truth, predicted } => predicted
            .iter()
            .zip(truth)
            .map(|(predicted, truth)| (predicted - truth).abs())
            .collect(),
    }
}

/// The columns of the table in bins: all but target, id and texts that hardly repeat.
fn columns(
    ctx: &Context,
    table: &Table<'_>,
    subject: &Subject,
    notes: &mut Vec<String>,
) -> Result<(Vec<Searched>, Vec<Binned>), CheckError> {
    let facts = ctx.facts();
    let (mut searched, mut inputs) = (Vec::new(), Vec::new());
    let mut n_left = 0_usize;
    for column in table.columns() {
        let name = column.name();
        let is_other = [&facts.target, &facts.id]
            .map(Option::as_deref)
            .contains(&Some(name));
        if is_other {
            continue;
        }
        if searched.len() == MAX_COLUMNS {
            n_left += 1;
            continue;
        }
        let values = values(&column, &subject.rows)?;
        let bins = Bins::of(&values, MAX_BINS);
        if bins.n_present() < 2
            && !(0..values.len()).any(|row| column.is_missing(subject.rows[row]))
        {
            continue;
        }
        inputs.push(Binned {
            bins: bins.place(&values),
            missing: bins.missing(),
            is_ordered: matches!(bins, Bins::Numbers { .. }),
        });
        searched.push(Searched {
            name: name.to_owned(),
            bins,
        });
    }
    if n_left > 0 {
        notes.push(format!(
            "Only the first {MAX_COLUMNS} columns were searched; {n_left} more were not."
        ));
    }
    Ok((searched, inputs))
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
