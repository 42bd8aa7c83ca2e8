//! The check `data-quality.order-dependence`.
//!
//! In: the training table. Out: whether rows are sorted, drift along the file, or resemble their
//! neighbors; and if the project names a time column, which columns do not keep their level and
//! which repeat with a period.

use std::collections::BTreeSet;

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Series,
    Severity, TableRow, View, check,
};
use interlock_report::report::{MAX_MARKS, Report};
use interlock_report::settings::check_range;
use interlock_report::words::{counted, figure, listed, probability};
use serde::{Deserialize, Serialize};

use crate::order::judged::{Judged, MAX_ROWS, Order, STRETCH, correct, judge};
use crate::order::sequence::Sorted;
use crate::order::spectrum::Period;

/// Lines of the chart.
const N_LINES: usize = 5;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Chance of any false alarm among all tests, 1e-12 to 0.5.
    alpha: f64,
    /// Size of a dependence worth reporting, 0 to 1: rank correlation with the place, likeness of
    /// neighbors, or Cramér's V along the rows.
    min_effect: f64,
    /// Values of a column below which it is not tested, at least 10.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            min_effect: 0.1,
            min_rows: 30,
        }
    }
}

#[check(
    id = "data-quality.order-dependence",
    title = "Order of rows",
    stage = "data-quality",
    needs(train, target?),
    codes(
        DQ066 = "rows are sorted by a column",
        DQ067 = "rows depend on their place",
        DQ068 = "a column does not keep its level in time",
        DQ069 = "a column repeats with a period"
    ),
    cost = "moderate",
    docs = "order_dependence.md"
)]
pub(crate) fn order_dependence(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("alpha", settings.alpha, 1e-12, 0.5)?;
    check_range("min_effect", settings.min_effect, 0.0, 1.0)?;
    check_range("min_rows", settings.min_rows as f64, 10.0, 1e9)?;
    let table = ctx.table(Role::Train)?;
    let order = Order::of(ctx, &table)?;
    let facts = ctx.facts();
    let mut judged = Vec::new();
    let mut n_columns = 0;
    for column in table.columns() {
        let is = |role: &Option<String>| role.as_deref() == Some(column.name());
        if is(&facts.id) || is(&facts.time) {
            continue;
        }
        n_columns += 1;
        let one = judge(&column, &order, settings.min_rows)?;
        judged.extend(one.map(|one| Judged {
            is_target: is(&facts.target),
            ..one
        }));
    }
    correct(&mut judged)?;
    judged.sort_by(|a, b| b.weight(&settings).total_cmp(&a.weight(&settings)));
    Ok(outcome(&judged, &order, n_columns, &settings))
}

impl Judged {
    /// How grave, to sort by: sorted columns first, the target before others.
    fn weight(&self, settings: &Settings) -> f64 {
        let size = self.along.size.abs().max(self.neighbors.size.abs());
        f64::from(u8::from(self.sorted.is_some())) * 4.0
            + f64::from(u8::from(self.is_target)) * 2.0
            + f64::from(u8::from(self.depends(settings)))
            + size / 2.0
    }

    fn shows(&self, kind: usize, size: f64, settings: &Settings) -> bool {
        self.corrected[kind] <= settings.alpha && size.abs() >= settings.min_effect
    }

    fn depends(&self, settings: &Settings) -> bool {
        self.shows(0, self.along.size, settings) || self.shows(1, self.neighbors.size, settings)
    }

    fn whose(&self) -> String {
        if self.is_target {
            format!("target '{}'", self.name)
        } else {
            format!("'{}'", self.name)
        }
    }

    fn findings(&self, order: &Order, is_any_sorted: bool, settings: &Settings) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(sorted) = self.sorted {
            findings.push(self.sorted_finding(sorted, order));
        } else if self.depends(settings) {
            findings.push(self.place_finding(order, is_any_sorted, settings));
        }
        if let Some(level) = self.level.filter(|_| self.corrected[2] <= settings.alpha) {
            let title = format!(
                "{} does not keep its level in time (KPSS {}, p = {})",
                self.whose(),
                figure(level.statistic),
                probability(self.corrected[2])
            );
            findings.push(
                Finding::new("DQ068", Severity::Warning, title)
                    .because("Its mean moves over time, so a model trained on the past meets values it has not seen, and a random split hides that.")
                    .advice("Split by time, not at random. Give the model changes instead of levels, or train on recent rows.")
                    .column(&self.name)
                    .evidence("lines"),
            );
        }
        if let Some(period) = self.period.filter(|period| self.repeats(period, settings)) {
            let title = format!(
                "{} repeats every {} points in time ({:.0} % of its variance, p = {})",
                self.whose(),
                figure(period.length),
                period.share * 100.0,
                probability(self.corrected[3])
            );
            findings.push(
                Finding::new("DQ069", Severity::Note, title)
                    .because("Rows a period apart resemble each other. What is learned from one part of the period does not hold in another.")
                    .advice("Give the model the place in the period (weekday, month, hour); let test tables span whole periods.")
                    .column(&self.name)
                    .evidence("columns"),
            );
        }
        findings
    }

    fn repeats(&self, period: &Period, settings: &Settings) -> bool {
        self.corrected[3] <= settings.alpha && period.share >= settings.min_effect
    }

    fn sorted_finding(&self, sorted: Sorted, order: &Order) -> Finding {
        let how = match sorted {
            Sorted::Ascending => "ascending",
            Sorted::Descending => "descending",
            Sorted::Grouped => "equal values stand together",
        };
        let title = format!("rows are sorted by {} ({how})", self.whose());
        let (because, advice) = if self.is_target {
            (
                "A split or batch that takes rows as they come gets classes or values of one kind only.",
                format!(
                    "Shuffle before a split or before batches (shuffle=True), or stratify by '{}'.",
                    self.name
                ),
            )
        } else {
            (
                "A split or batch that takes rows as they come gets one range of the column only.",
                format!(
                    "Shuffle before a split. If '{}' is the time, name it as data.time in the project file and split by it.",
                    self.name
                ),
            )
        };
        let severity = if order.time.is_some() && !self.is_target {
            Severity::Note
        } else {
            Severity::Warning
        };
        let ends = order.rows.first().into_iter().chain(order.rows.last());
        Finding::new("DQ066", severity, title)
            .because(because)
            .advice(advice)
            .column(&self.name)
            .rows(Rows::new(
                Role::Train,
                ends.copied().collect::<BTreeSet<usize>>(),
            ))
            .evidence("lines")
    }

    fn place_finding(&self, order: &Order, is_any_sorted: bool, settings: &Settings) -> Finding {
        let mut said = Vec::new();
        if self.shows(0, self.along.size, settings) {
            said.push(format!(
                "changes along the {} (size {}, p = {})",
                if order.time.is_some() { "time" } else { "rows" },
                figure(self.along.size),
                probability(self.corrected[0])
            ));
        }
        if self.shows(1, self.neighbors.size, settings) {
            let how = if self.neighbors.size > 0.0 {
                "alike"
            } else {
                "unlike"
            };
            said.push(format!(
                "is {how} in neighboring rows (size {}, p = {})",
                figure(self.neighbors.size),
                probability(self.corrected[1])
            ));
        }
        // Where the project says that rows follow each other in time, that they do is no surprise.
        let (severity, advice) = if order.time.is_some() {
            (
                Severity::Note,
                "Split by time, not at random: a random split puts neighbors on both sides.",
            )
        } else if is_any_sorted {
            // What goes with the column that rows are sorted by follows the order as well.
            (
                Severity::Note,
                "Look at the column that rows are sorted by first: shuffled, this goes away if it only goes with that.",
            )
        } else {
            (
                Severity::Warning,
                "Find out what the order of the file stands for: time, source, or person. Split by that; else shuffle first.",
            )
        };
        Finding::new("DQ067", severity, format!("{} {}", self.whose(), said.join(" and ")))
            .because("Rows are not drawn independently: a random split puts look-alikes on both sides and scores come out too high; a split that takes rows as they come compares two populations.")
            .advice(advice)
            .column(&self.name)
            .evidence("lines")
    }
}

fn outcome(judged: &[Judged], order: &Order, n_columns: usize, settings: &Settings) -> Outcome {
    let is_any_sorted = judged.iter().any(|one| one.sorted.is_some());
    let findings: Vec<Finding> = judged
        .iter()
        .flat_map(|one| one.findings(order, is_any_sorted, settings))
        .collect();
    let what = match &order.time {
        Some((name, _)) => format!("order by '{name}'"),
        None => "order of rows".to_owned(),
    };
    let n_depending = judged
        .iter()
        .filter(|one| one.sorted.is_some() || one.depends(settings))
        .count();
    let looked = if judged.is_empty() {
        Err(format!(
            "none of {} has {} values that vary",
            counted(n_columns, "column"),
            settings.min_rows
        ))
    } else {
        Ok(if n_depending == 0 {
            format!(
                "the {what} says nothing about {}",
                counted(judged.len(), "column")
            )
        } else {
            format!(
                "{} of {} depend on the {what}",
                n_depending,
                counted(judged.len(), "column")
            )
        })
    };
    let n = judged.iter().map(|one| one.n).max().unwrap_or(0) as u64;
    let mut outcome = Report::of(findings).outcome(looked).metric(
        Metric::new("n_dependent", n_depending as f64, judged.len() as u64)
            .title("Columns that depend on the order")
            .unit("columns"),
    );
    for one in judged.iter().take(MAX_MARKS / 4) {
        let metric = |id: &str, value: f64, title: &str| {
            Metric::new(id, value, one.n as u64)
                .title(title)
                .column(&one.name)
        };
        outcome = outcome
            .metric(metric("along", one.along.size, "Change along the rows"))
            .metric(metric(
                "neighbors",
                one.neighbors.size,
                "Likeness of neighbors",
            ));
        if let Some(level) = one.level {
            outcome = outcome.metric(metric("kpss", level.statistic, "KPSS statistic"));
        }
        if let Some(period) = one.period {
            outcome = outcome.metric(metric("period", period.length, "Strongest period"));
        }
    }
    outcome.notes.extend(order.note.clone());
    if order.rows.len() > MAX_ROWS {
        outcome.notes.push(format!(
            "Tests rest on {n} of {} rows: {} stretches of {STRETCH}. Whether rows are sorted rests on all.",
            order.rows.len(),
            MAX_ROWS / STRETCH
        ));
    }
    let names: Vec<String> = judged.iter().map(|one| format!("'{}'", one.name)).collect();
    if !judged.is_empty() {
        outcome.notes.push(format!("Tested: {}.", listed(&names)));
        outcome = outcome.view(columns(judged)).view(lines(judged, order));
    }
    outcome
}

fn columns(judged: &[Judged]) -> View {
    let headings = [
        "column",
        "along the rows",
        "p",
        "neighbors",
        "p",
        "KPSS",
        "p",
        "period",
        "p",
    ];
    let row = |one: &Judged| {
        let level = one
            .level
            .map_or(Cell::Nothing, |level| level.statistic.into());
        let period = one
            .period
            .map_or(Cell::Nothing, |period| period.length.into());
        let p = |kind: usize, is_tested: bool| {
            if is_tested {
                Cell::from(one.corrected[kind])
            } else {
                Cell::Nothing
            }
        };
        TableRow::new(vec![
            Cell::from(one.name.as_str()),
            Cell::from(one.along.size),
            p(0, true),
            Cell::from(one.neighbors.size),
            p(1, true),
            level,
            p(2, one.level.is_some()),
            period,
            p(3, one.period.is_some()),
        ])
    };
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows: judged.iter().take(MAX_MARKS).map(row).collect(),
    };
    View::new("columns", "How much columns depend on the order", chart).caption(
        "Numbers: rank correlation with the place, rank autocorrelation. Categories: Cramér's V along ten stretches, equal neighbors beyond chance. p is corrected for all tests.",
    )
}

fn lines(judged: &[Judged], order: &Order) -> View {
    let series = judged
        .iter()
        .take(N_LINES)
        .map(|one| {
            let most = one.line.iter().map(|(_, y)| *y).fold(0.0, f64::max);
            let scale = most.max(f64::MIN_POSITIVE);
            Series {
                name: one.name.clone(),
                points: one.line.iter().map(|(x, y)| (*x, y / scale)).collect(),
                band: Vec::new(),
            }
        })
        .collect();
    let chart = Chart::Lines {
        x_axis: match &order.time {
            Some((name, _)) => format!("share of rows in the order of '{name}'"),
            None => "share of rows in the order of the file".to_owned(),
        },
        y_axis: "mean rank, or share of the most frequent value; the highest is 1".to_owned(),
        series,
        threshold: None,
    };
    View::new("lines", "Along the rows", chart).caption(
        "The columns that depend most on the order. Level lines are what independent rows give.",
    )
}
