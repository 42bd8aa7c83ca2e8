//! Weak segments in words: rules, figures with intervals, a map of the best pair of columns.
//!
//! In: segments, what they were found in. Out: an outcome. Searches nothing.

use interlock_plugin_api::{
    Cell, Chart, Finding, Metric, Outcome, Rows, Severity, TableRow, Verdict, View,
};
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::mean;
use interlock_stats::proportion::{Bounds, wilson};

use crate::bins::Bins;
use crate::estimate::whole_number;
use crate::segments::{Binned, Condition, Segment};
use crate::subject::{Answers, Subject};
use crate::wording::{self, LEVEL, number, percent, shortened};

/// Corrected p-value from which a segment is confirmed.
const ALPHA: f64 = 0.05;

/// One column that is searched.
pub(crate) struct Searched {
    pub(crate) name: String,
    pub(crate) bins: Bins,
}

/// What was found, and what it was found in.
pub(crate) struct Report<'r> {
    /// Accuracy relative to that of all rows below which a confirmed segment is weak.
    pub(crate) warn_below: f64,
    pub(crate) subject: &'r Subject,
    pub(crate) searched: &'r [Searched],
    pub(crate) inputs: &'r [Binned],
    pub(crate) losses: &'r [f64],
    pub(crate) segments: &'r [Segment],
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

    pub(crate) fn outcome(&self) -> Outcome {
        let overall = mean(self.losses).unwrap_or(0.0);
        let mut findings = Vec::new();
        let mut weakest: Option<(f64, &Segment)> = None;
        for segment in self.segments {
            let (relative, ..) = self.standing(&segment.inside, overall);
            if segment.p_value <= ALPHA && weakest.is_none_or(|(least, _)| relative < least) {
                weakest = Some((relative, segment));
            }
            if segment.p_value <= ALPHA && relative < self.warn_below {
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
            .at_least(Some(self.warn_below), None);
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
