//! The check `data-quality.date-leakage`.
//!
//! In: the time column, or any date column, of the training and the test table. Out: test rows from
//! before the end of training, and of the same dates.

use interlock_plugin_api::{
    Chart, CheckError, ColumnKind, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    Table, View, check,
};
use interlock_stats::order::{index_below, sorted};
use serde::{Deserialize, Serialize};

use crate::split::report::Report;
use crate::split::sides::{Beside, Cells, beside};
use crate::wording::{self, counted, percent};

/// Bins of the histogram.
const N_BINS: usize = 20;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of test rows from before the end of training, 0 to 1, above which the check warns.
    warn_overlap_above: f64,
    /// Share of test rows on a training date, 0 to 1, above which the check warns.
    warn_same_above: f64,
    /// Severity of an overlap above its limit: fail instead of warn.
    fail_on_overlap: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_overlap_above: 0.0,
            warn_same_above: 0.0,
            fail_on_overlap: false,
        }
    }
}

/// How the dates of the test table lie to those of the training table.
struct Overlap {
    n_present: usize,
    last_train: f64,
    before: Vec<usize>,
    same: Vec<usize>,
}

impl Overlap {
    /// Nothing if either table has no date.
    fn of(train: &[f64], test: &[f64]) -> Option<Self> {
        let known = sorted(train);
        let last_train = *known.last()?;
        let n_present = test.iter().filter(|date| !date.is_nan()).count();
        let is_same = |date: f64| {
            known
                .binary_search_by(|other| other.total_cmp(&date))
                .is_ok()
        };
        let rows =
            |holds: &dyn Fn(f64) -> bool| (0..test.len()).filter(|&row| holds(test[row])).collect();
        (n_present > 0).then(|| Self {
            n_present,
            last_train,
            before: rows(&|date| date < last_train),
            same: rows(&is_same),
        })
    }

    fn share(&self, rows: &[usize]) -> f64 {
        rows.len() as f64 / self.n_present as f64
    }
}

#[check(
    id = "data-quality.date-leakage",
    title = "Dates across the split",
    stage = "data-quality",
    needs(train, test),
    codes(
        DQ085 = "test rows from before the end of training",
        DQ086 = "test rows on training dates"
    ),
    cost = "quick",
    docs = "dates.md"
)]
pub(crate) fn date_leakage(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_overlap_above", settings.warn_overlap_above)?;
    wording::check_share("warn_same_above", settings.warn_same_above)?;
    let facts = ctx.facts();
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let mut names: Vec<(&str, bool)> = Vec::new();
    names.extend(facts.time.as_deref().map(|name| (name, true)));
    let dates = facts
        .columns
        .iter()
        .filter(|column| column.kind == ColumnKind::Date);
    names.extend(dates.map(|column| (column.name.as_str(), false)));
    names.dedup_by_key(|name| name.0);
    if facts.time.is_some() {
        names.retain(|(name, is_time)| *is_time || Some(*name) != facts.time.as_deref());
    }
    if names.is_empty() {
        let message = "the project names no time column ([data] time), and no column holds dates";
        return Err(CheckError::missing_input(message));
    }
    let mut report = Report::default();
    let (mut looked, mut n_looked) = (
        Err("no date stands in both tables; one row of each would do".to_owned()),
        0,
    );
    for (name, is_time) in names {
        let Some(column) = beside(&tables, name, true)? else {
            continue;
        };
        let [Cells::Numbers(train), Cells::Numbers(test)] = &column.tables[..] else {
            report.note(format!("'{name}' is no date or number in both tables."));
            continue;
        };
        let Some(overlap) = Overlap::of(train, test) else {
            report.note(format!(
                "'{name}' is missing throughout in one of the tables."
            ));
            continue;
        };
        n_looked += 1;
        say(
            &mut report,
            &tables,
            &column,
            &overlap,
            (is_time, &settings),
        );
        if is_time || facts.time.is_none() {
            let last = last_date(&tables[0], name, train, overlap.last_train);
            looked = Ok(if is_time {
                format!("every test row is dated after the last training row ({last})")
            } else {
                format!(
                    "no time column is named; {} noted",
                    counted(n_looked, "date column")
                )
            });
        }
    }
    Ok(report.outcome(looked))
}

fn last_date(train: &Table<'_>, name: &str, values: &[f64], last: f64) -> String {
    let row = values
        .iter()
        .position(|value| value.total_cmp(&last).is_eq());
    let column = train.column(name).ok();
    row.and_then(|row| column.and_then(|column| column.display(row)))
        .unwrap_or_default()
}

fn say(
    report: &mut Report,
    tables: &[Table<'_>; 2],
    column: &Beside,
    overlap: &Overlap,
    how: (bool, &Settings),
) {
    let (is_time, settings) = how;
    let name = &column.name;
    let [Cells::Numbers(train), Cells::Numbers(test)] = &column.tables[..] else {
        return;
    };
    let (before, same) = (overlap.share(&overlap.before), overlap.share(&overlap.same));
    let metric = |id: &str, title: &str, value: f64, limit: f64| {
        let metric = Metric::new(id, value, overlap.n_present as u64)
            .title(title)
            .unit("rate")
            .column(name);
        if is_time {
            metric.at_most(Some(limit), None)
        } else {
            metric
        }
    };
    let (limit, same_limit) = (settings.warn_overlap_above, settings.warn_same_above);
    let early = "Test rows before the end of training";
    let equal = "Test rows on a training date";
    report
        .metrics
        .push(metric("before_share", early, before, limit));
    report
        .metrics
        .push(metric("same_share", equal, same, same_limit));
    let view = format!("dates-{name}");
    let severity = |share: f64, limit: f64, fails: bool| match (is_time && share > limit, fails) {
        (true, true) => Severity::Error,
        (true, false) => Severity::Warning,
        (false, _) => Severity::Note,
    };
    let last = last_date(&tables[0], name, train, overlap.last_train);
    if !overlap.before.is_empty() {
        let title = format!(
            "{} ({}) are dated before the last training row by '{name}' ({last})",
            counted(overlap.before.len(), "test row"),
            percent(before)
        );
        report.find(
            Finding::new("DQ085", severity(before, limit, settings.fail_on_overlap), title)
                .because("The model learned from rows younger than these: what it could not have known in use helps it here.")
                .advice("Split by time: train on everything up to a date, test on what comes after.")
                .column(name)
                .rows(Rows::new(Role::Test, overlap.before.iter().copied()))
                .evidence(&view),
        );
    }
    if !overlap.same.is_empty() {
        let title = format!(
            "{} ({}) bear a date of training rows by '{name}'",
            counted(overlap.same.len(), "test row"),
            percent(same)
        );
        // Where everything overlaps, equal dates say nothing more.
        let severity = if before > 0.5 {
            Severity::Note
        } else {
            severity(same, same_limit, false)
        };
        report.find(
            Finding::new("DQ086", severity, title)
                .because("Rows of one moment often belong to one event: it stands on both sides of the split.")
                .advice("Put all rows of one date on one side.")
                .column(name)
                .rows(Rows::new(Role::Test, overlap.same.iter().copied()))
                .evidence(&view),
        );
    }
    report
        .views
        .push(histogram(tables, column, (train, test), view));
}

fn histogram(
    tables: &[Table<'_>; 2],
    column: &Beside,
    values: (&[f64], &[f64]),
    id: String,
) -> View {
    let (train, test) = values;
    let finite = || train.iter().chain(test).filter(|value| value.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(*v), b.max(*v))
    });
    let bin =
        |value: f64| index_below((value - low) / (high - low) * N_BINS as f64).min(N_BINS - 1);
    let shares = |values: &[f64]| {
        let mut shares = vec![0.0; N_BINS];
        let n = values
            .iter()
            .filter(|value| value.is_finite())
            .count()
            .max(1) as f64;
        for value in values.iter().filter(|value| value.is_finite()) {
            shares[bin(*value)] += 1.0 / n;
        }
        shares
    };
    let mut bins = vec![String::from("–"); N_BINS];
    let mut least = [f64::INFINITY; N_BINS];
    for (table, values) in tables.iter().zip([train, test]) {
        let mut rows = vec![None; N_BINS];
        for (row, value) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
        {
            if *value < least[bin(*value)] {
                least[bin(*value)] = *value;
                rows[bin(*value)] = Some(row);
            }
        }
        for (label, row) in bins.iter_mut().zip(rows) {
            let text = row.and_then(|row| table.column(&column.name).ok()?.display(row));
            *label = text.unwrap_or_else(|| label.clone());
        }
    }
    let rows = (0..N_BINS).map(|at| {
        Rows::new(
            Role::Test,
            (0..test.len()).filter(move |&row| test[row].is_finite() && bin(test[row]) == at),
        )
    });
    let chart = Chart::HistogramPair {
        value_axis: format!("{}, from", column.name),
        reference: shares(train),
        current: shares(test),
        rows: rows.collect(),
        bins,
    };
    View::new(id, format!("Rows over time, by '{}'", column.name), chart)
        .caption("Training rows as reference, test rows as current; after a split by time they do not overlap.")
}
