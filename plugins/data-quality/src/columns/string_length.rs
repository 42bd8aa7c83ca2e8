//! The check `data-quality.string-length`.
//!
//! In: the tables. Out: texts far longer or shorter than the others of their column, and codes of
//! another length than nearly all.

use interlock_plugin_api::{
    Cell, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Severity, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, tables_with_text, text_columns};
use crate::columns::lengths::{Outliers, Rule, broken_length, outliers, tally};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::{null_word, shown};
use crate::wording::{self, counted, percent};

/// Values a column must have before a code of another length is told.
const MIN_CODES: usize = 100;

/// Distinct codes a column must have to be one of codes.
const MIN_DISTINCT_CODES: usize = 10;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Percentile of the lengths, above 50 up to 100, up to which they are usual; mirrored below.
    inner_percentile: f64,
    /// How many half spreads of the usual lengths a text may lie from the median, 0 or more.
    outlier_factor: f64,
    /// Characters by which an outlier differs at least from the usual lengths.
    min_difference: usize,
    /// The same as a share of the middle of the usual lengths, 0 to 1.
    min_difference_ratio: f64,
    /// Share of values of one length, 0 to 1, from which on a column is one of fixed length.
    fixed_share: f64,
    /// Different values up to which a column is one of categories, whose lengths say nothing.
    max_categories: usize,
    /// Values of a column below which nothing is said about its lengths.
    min_values: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            inner_percentile: 94.0,
            outlier_factor: 4.0,
            min_difference: 5,
            min_difference_ratio: 0.5,
            fixed_share: 0.99,
            max_categories: 50,
            min_values: 20,
        }
    }
}

impl Settings {
    fn rule(&self) -> Result<Rule, CheckError> {
        let bad = |message: String| Err(CheckError::new(CheckErrorKind::BadParameter, message));
        wording::check_share("min_difference_ratio", self.min_difference_ratio)?;
        wording::check_share("fixed_share", self.fixed_share)?;
        if !(self.inner_percentile > 50.0 && self.inner_percentile <= 100.0) {
            return bad(format!(
                "inner_percentile is {}; it is above 50, up to 100",
                self.inner_percentile
            ));
        }
        if !(self.outlier_factor >= 0.0 && self.outlier_factor.is_finite()) {
            return bad(format!(
                "outlier_factor is {}; it is 0 or more",
                self.outlier_factor
            ));
        }
        Ok(Rule {
            inner: self.inner_percentile,
            factor: self.outlier_factor,
            min_difference: self.min_difference as f64,
            min_ratio: self.min_difference_ratio,
        })
    }
}

#[check(
    id = "data-quality.string-length",
    title = "Text lengths",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ028 = "texts are far longer or shorter than the others",
        DQ029 = "a code has another length than nearly all"
    ),
    cost = "quick",
    docs = "string_length.md"
)]
pub(crate) fn string_length(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let rule = settings.rule()?;
    let mut report = Report::new(&[
        "table",
        "column",
        "usual from",
        "to",
        "other from",
        "to",
        "rows",
        "such as",
    ]);
    let (mut too_few, mut n_columns) = (Vec::new(), 0);
    for table in &tables_with_text(ctx)? {
        for column in text_columns(table)? {
            if column.is_distinct && column.values.len() <= settings.max_categories {
                continue;
            }
            n_columns += 1;
            if column.n_present() < settings.min_values {
                too_few.push(format!("'{}' ({})", column.name, column.role.name()));
                continue;
            }
            report.looked(column.name, column.n_present());
            let lengths: Vec<usize> = column.values.iter().map(|text| n_chars(text)).collect();
            let counts = tally(lengths.iter().copied().zip(column.counts.iter().copied()));
            let found = outliers(&counts, &rule);
            if let Some(found) = &found {
                out_of_bounds(&column, &lengths, found, &mut report);
            }
            if found.is_none_or(|found| found.ranges.is_empty())
                && let Some(length) = broken_length(&counts, settings.fixed_share)
            {
                broken(&column, &lengths, length, &mut report);
            }
        }
    }
    if n_columns == 0 {
        let message = "no column of text beyond categories";
        return Err(CheckError::missing_input(message));
    }
    if !too_few.is_empty() {
        report.note(format!(
            "Fewer than {} values, nothing said: {}.",
            settings.min_values,
            wording::listed(&too_few)
        ));
    }
    Ok(report.outcome(&Words {
        metric: "n_length_columns",
        title: "Columns with texts of unusual length",
        sound: "no text is far longer or shorter than the others",
        view: "Texts of unusual length",
    }))
}

/// Number of characters (Unicode code points), as Python's `len`.
fn n_chars(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

fn out_of_bounds(column: &Entries<'_>, lengths: &[usize], found: &Outliers, report: &mut Report) {
    let (role, n) = (column.role.name(), found.n());
    let n_present = column.n_present();
    report.metric(
        Metric::new(
            format!("length_outliers_{role}"),
            n as f64,
            n_present as u64,
        )
        .title("Texts of unusual length")
        .unit("rows")
        .at_most(Some(0.0), None)
        .column(column.name),
    );
    let marks: Vec<bool> = lengths
        .iter()
        .map(|length| found.contains(*length))
        .collect();
    let distance = |at: &usize| lengths[*at].abs_diff(found.usual.0.midpoint(found.usual.1));
    let farthest = (0..marks.len())
        .filter(|at| marks[*at])
        .max_by_key(distance);
    let Some(farthest) = farthest else { return };
    let (low, high) = found.usual;
    let usual = if low == high {
        counted(low, "character")
    } else {
        format!("{low} to {high} characters")
    };
    let title = format!(
        "column '{}' has {} ({}) of unusual length in the {role} table: usual are {usual}, '{}' has {}",
        column.name,
        counted(n, "value"),
        percent(n as f64 / n_present as f64),
        shown(column.values[farthest]),
        lengths[farthest],
    );
    for range in &found.ranges {
        let is_in: Vec<bool> = lengths
            .iter()
            .map(|length| range.low <= *length as f64 && *length as f64 <= range.high)
            .collect();
        let example = is_in
            .iter()
            .position(|is_in| *is_in)
            .map(|at| shown(column.values[at]));
        report.row(
            vec![
                role.into(),
                column.name.into(),
                (low as f64).into(),
                (high as f64).into(),
                range.low.into(),
                range.high.into(),
                (range.n as f64).into(),
                Cell::from(example.unwrap_or_default()),
            ],
            Some(column.rows(&is_in)),
        );
    }
    report.push(
        Finding::new("DQ028", Severity::Warning, title)
            .because("A value far longer than the others is often several run together, a broken quote, or a text in a field of codes; a far shorter one was cut off.")
            .advice("Open the rows and compare them with the source.")
            .column(column.name)
            .rows(column.rows(&marks))
            .evidence(EVIDENCE),
    );
}

/// Tells codes of another length, if the column is one of codes.
fn broken(column: &Entries<'_>, lengths: &[usize], length: usize, report: &mut Report) {
    let is_code = |text: &&str| !text.is_empty() && !text.contains(char::is_whitespace);
    let n_present = column.n_present();
    let n_distinct_seen = column.values.len();
    if n_present < MIN_CODES
        || n_distinct_seen < MIN_DISTINCT_CODES
        || !column.values.iter().all(is_code)
    {
        return;
    }
    let marks: Vec<bool> = lengths
        .iter()
        .zip(&column.values)
        .map(|(other, text)| *other != length && null_word(text).is_none())
        .collect();
    let n: usize = column
        .counts
        .iter()
        .zip(&marks)
        .filter(|(_, m)| **m)
        .map(|(n, _)| n)
        .sum();
    let Some(first) = marks.iter().position(|is_other| *is_other) else {
        return;
    };
    let role = column.role.name();
    let title = format!(
        "column '{}' has {length} characters but for {} ({}) of the {role} table, as '{}'",
        column.name,
        counted(n, "value"),
        percent(n as f64 / n_present as f64),
        shown(column.values[first]),
    );
    report.push(
        Finding::new("DQ029", Severity::Note, title)
            .because("In a column of codes of one length another length usually means a leading zero lost, a digit left out, or a code of another kind.")
            .advice("Open the rows; pad the codes if a leading zero was lost, and read the column as text from then on.")
            .column(column.name)
            .rows(column.rows(&marks)),
    );
}
