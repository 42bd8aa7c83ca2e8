//! The check `evaluation.weak-segments`.
//!
//! In: the test rows with all their columns, the model. Out: rules under which the model errs more
//! than elsewhere, found on one half of the rows and confirmed on the other.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Column, ColumnKind, Context, FeatureValues, Finding, Metric, Outcome,
    Params, Role, Rows, Severity, Table, TableRow, Verdict, View, check,
};
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::mean;
use interlock_stats::proportion::{Bounds, wilson};
use serde::{Deserialize, Serialize};

use crate::bins::Bins;
use crate::estimate::whole_number;
use crate::segments::{Binned, Condition, Search, Segment, weak_segments as search_segments};
use crate::subject::{Answers, Subject};
use crate::wording::{
    self, LEVEL, check_count, check_range, failed, inconclusive, number, percent, shortened,
};

/// Columns that are searched at most.
const MAX_COLUMNS: usize = 60;

/// Bins of a column.
const MAX_BINS: usize = 10;

/// Corrected p-value from which a segment is confirmed.
const ALPHA: f64 = 0.05;

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

/// One column that is searched.
struct Searched {
    name: String,
    bins: Bins,
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
        settings: &settings,
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

struct Report<'r> {
    settings: &'r Settings,
    subject: &'r Subject,
    searched: &'r [Searched],
    inputs: &'r [Binned],
    losses: &'r [f64],
    segments: &'r [Segment],
}

impl Report<'_> {
    fn is_error(&self) -> bool {
        matches!(self.subject.answers, Answers::Classes(_))
    }

    /// How good the rows are relative to all, 1 if as good, below if worse; and the interval of
    /// their own figure. The figure is accuracy, or mean absolute error.
    fn standing(&self, inside: &[f64], overall: f64) -> (f64, f64, Option<Bounds>) {
        let loss = mean(inside).unwrap_or(0.0);
        if self.is_error() {
            let n = inside.len() as u64;
            let right = n - whole_number(inside.iter().sum());
            let bounds = wilson(right, n, LEVEL).ok();
            let relative = if overall < 1.0 {
                (1.0 - loss) / (1.0 - overall)
            } else {
                1.0
            };
            (relative, 1.0 - loss, bounds)
        } else {
            let bounds = mean_interval(inside, LEVEL).ok().map(|(_, bounds)| bounds);
            let relative = if loss > 0.0 { overall / loss } else { 1.0 };
            (relative, loss, bounds)
        }
    }

    fn outcome(&self) -> Outcome {
        let overall = mean(self.losses).unwrap_or(0.0);
        let mut findings = Vec::new();
        let mut weakest: Option<(f64, &Segment)> = None;
        for segment in self.segments {
            let (relative, ..) = self.standing(&segment.inside, overall);
            if segment.p_value <= ALPHA && weakest.is_none_or(|(least, _)| relative < least) {
                weakest = Some((relative, segment));
            }
            if segment.p_value <= ALPHA && relative < self.settings.warn_below {
                findings.push(self.finding(segment, overall));
            }
        }
        let verdict = if self.searched.is_empty() {
            Verdict::Inconclusive
        } else {
            wording::verdict(&findings, Verdict::Pass)
        };
        let summary = self.summary(&findings, weakest, overall);
        let n = weakest.map_or(self.subject.n_rows(), |(_, segment)| segment.inside.len());
        // Without a confirmed segment nothing is known to be worse than the whole.
        let relative = weakest.map_or(1.0, |(relative, _)| relative);
        let headline = Metric::new("worst_relative_performance", relative, n as u64)
            .title("Weakest confirmed segment relative to all rows")
            .unit("rate")
            .at_least(Some(self.settings.warn_below), None);
        let mut outcome = Outcome::new(verdict, summary).metric(headline).metric(
            Metric::new(
                "segments",
                findings.len() as f64,
                self.subject.n_rows() as u64,
            )
            .title("Weak segments")
            .unit("segments"),
        );
        for segment in self
            .segments
            .iter()
            .filter(|segment| segment.p_value <= ALPHA)
        {
            outcome = outcome.metric(self.metric(segment, overall));
        }
        outcome.findings = findings;
        outcome.views.push(self.table(overall));
        outcome.views.extend(self.heatmap());
        outcome
    }

    fn metric(&self, segment: &Segment, overall: f64) -> Metric {
        let (_, value, bounds) = self.standing(&segment.inside, overall);
        let (id, title) = if self.is_error() {
            ("segment_accuracy", "Accuracy in segment")
        } else {
            ("segment_mae", "Mean absolute error in segment")
        };
        let metric = Metric::new(id, value, segment.inside.len() as u64)
            .title(title)
            .group(self.rule(&segment.conditions));
        match bounds {
            Some(bounds) => metric.interval(
                bounds.low,
                bounds.high,
                LEVEL,
                if self.is_error() {
                    "Wilson, confirming half"
                } else {
                    "Student, confirming half"
                },
            ),
            None => metric,
        }
    }

    fn shown(&self, value: f64) -> String {
        if self.is_error() {
            percent(value)
        } else {
            number(value)
        }
    }

    fn summary(
        &self,
        findings: &[Finding],
        weakest: Option<(f64, &Segment)>,
        overall: f64,
    ) -> String {
        match (findings, weakest) {
            ([], Some((_, segment))) => {
                let (_, value, _) = self.standing(&segment.inside, overall);
                format!(
                    "no segment is far weaker than the whole; weakest: {} where {}",
                    self.shown(value),
                    self.rule(&segment.conditions)
                )
            }
            ([], None) if self.searched.is_empty() => {
                "no column varies: there are no segments".to_owned()
            }
            ([], None) => "no segment is weaker than the whole beyond chance".to_owned(),
            ([first], _) => first.title.clone(),
            ([first, rest @ ..], _) => format!("{}; and {} more", first.title, rest.len()),
        }
    }

    fn finding(&self, segment: &Segment, overall: f64) -> Finding {
        let rule = self.rule(&segment.conditions);
        let (_, value, bounds) = self.standing(&segment.inside, overall);
        let outside = mean(&segment.outside).unwrap_or(f64::NAN);
        let (name, outside) = if self.is_error() {
            ("accuracy", 1.0 - outside)
        } else {
            ("mean absolute error", outside)
        };
        let interval = bounds.map_or(String::new(), |bounds| {
            format!(" [{}, {}]", self.shown(bounds.low), self.shown(bounds.high))
        });
        let title = format!(
            "{name} {}{interval} where {rule} ({}), {} elsewhere",
            self.shown(value),
            wording::counted(segment.rows.len(), "row"),
            self.shown(outside)
        );
        let mut finding = Finding::new("DQ123", Severity::Warning, title)
            .because("One figure for all rows hides those the model fails. These rows were found on one half of the table and fail on the other half as well, so it is not chance.")
            .advice("Open the rows: are they few in training, measured otherwise, or labeled otherwise? Collect more of them, add an input that tells them apart, or do not use the model on them.")
            .rows(self.subject.table_rows(segment.rows.iter().copied()))
            .evidence("segments");
        let mut named = Vec::new();
        for condition in &segment.conditions {
            if !named.contains(&condition.input()) {
                named.push(condition.input());
                finding = finding.column(&self.searched[condition.input()].name);
            }
        }
        finding
    }

    /// `age <= 28 and housing = rent`, conditions on one column together.
    fn rule(&self, conditions: &[Condition]) -> String {
        let mut sorted = conditions.to_vec();
        sorted.sort_by_key(|condition| {
            (
                condition.input(),
                matches!(condition, Condition::UpTo { .. }),
            )
        });
        let parts: Vec<String> = sorted
            .iter()
            .map(|condition| {
                let column = &self.searched[condition.input()];
                let name = &column.name;
                match (*condition, &column.bins) {
                    (Condition::UpTo { bin, .. }, Bins::Numbers { edges }) => {
                        format!("{name} <= {}", edges[bin])
                    }
                    (Condition::Above { bin, .. }, Bins::Numbers { edges }) => {
                        format!("{name} > {}", edges[bin])
                    }
                    (Condition::Is { bin, .. }, bins) if bin == bins.missing() => {
                        format!("{name} is missing")
                    }
                    (condition, bins) => format!("{name} {}", one_of(condition, bins)),
                }
            })
            .collect();
        parts.join(" and ")
    }

    fn table(&self, overall: f64) -> View {
        let rows = self
            .segments
            .iter()
            .map(|segment| {
                let (relative, value, bounds) = self.standing(&segment.inside, overall);
                let outside = mean(&segment.outside).unwrap_or(f64::NAN);
                let outside = if self.is_error() {
                    1.0 - outside
                } else {
                    outside
                };
                let end = |of: fn(Bounds) -> f64| bounds.map_or(Cell::Nothing, |b| of(b).into());
                TableRow {
                    cells: vec![
                        self.rule(&segment.conditions).into(),
                        (segment.rows.len() as f64).into(),
                        value.into(),
                        end(|bounds| bounds.low),
                        end(|bounds| bounds.high),
                        outside.into(),
                        relative.into(),
                        segment.p_value.into(),
                    ],
                    rows: Some(self.subject.table_rows(segment.rows.iter().copied())),
                }
            })
            .collect();
        let own = if self.is_error() {
            "accuracy"
        } else {
            "mean absolute error"
        };
        let columns = [
            "segment",
            "rows",
            own,
            "low",
            "high",
            "elsewhere",
            "relative",
            "p",
        ];
        View::new(
            "segments",
            "Weakest segments",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Figures are of the half of the rows that did not find the segment; p is corrected by Holm. Rows are those of both halves.")
    }

    /// The loss over two columns: those of the strongest rule with two of them.
    fn heatmap(&self) -> Option<View> {
        let pair = self.segments.iter().find_map(|segment| {
            let first = segment.conditions.first()?.input();
            let mut others = segment.conditions.iter().map(|condition| condition.input());
            Some((first, others.find(|&other| other != first)?))
        })?;
        let (down, across) = (&self.inputs[pair.0], &self.inputs[pair.1]);
        let (n_down, n_across) = (down.missing + 1, across.missing + 1);
        let mut behind = vec![Vec::new(); n_down * n_across];
        for row in 0..self.losses.len() {
            behind[down.bins[row] * n_across + across.bins[row]].push(row);
        }
        let values = behind
            .iter()
            .map(|rows| {
                let own: Vec<f64> = rows.iter().map(|&row| self.losses[row]).collect();
                mean(&own)
            })
            .collect();
        let rows: Vec<Rows> = behind
            .iter()
            .map(|rows| self.subject.table_rows(rows.iter().copied()))
            .collect();
        let names = |at: usize| -> Vec<String> {
            let bins = &self.searched[at].bins;
            (0..=bins.missing()).map(|bin| label(bins, bin)).collect()
        };
        let chart = Chart::Heatmap {
            row_axis: self.searched[pair.0].name.clone(),
            column_axis: self.searched[pair.1].name.clone(),
            value_axis: if self.is_error() {
                "share of errors"
            } else {
                "mean absolute error"
            }
            .to_owned(),
            row_labels: names(pair.0),
            column_labels: names(pair.1),
            values,
            rows,
        };
        Some(
            View::new("pair", "Error over two columns", chart)
                .caption("The columns of the strongest rule that combines two; all rows. Open a cell for its rows."),
        )
    }
}

fn one_of(condition: Condition, bins: &Bins) -> String {
    let Condition::Is { bin, .. } = condition else {
        return "in a range".to_owned();
    };
    match bins {
        Bins::Categories { names } if bin < names.len() => format!("= {}", shortened(&names[bin])),
        Bins::Categories { .. } => "= a rare value".to_owned(),
        Bins::Numbers { .. } => format!("in {}", label(bins, bin)),
    }
}

fn label(bins: &Bins, bin: usize) -> String {
    if bin == bins.missing() {
        return "missing".to_owned();
    }
    match bins {
        Bins::Categories { names } => names
            .get(bin)
            .map_or("rare".to_owned(), |name| shortened(name)),
        Bins::Numbers { edges } => match (bin.checked_sub(1).map(|at| edges[at]), edges.get(bin)) {
            (_, Some(high)) => format!("<= {high}"),
            (Some(low), None) => format!("> {low}"),
            (None, None) => "any".to_owned(),
        },
    }
}
