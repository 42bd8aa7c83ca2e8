//! One rate compared across the groups of one column, and what is shown of it.
//!
//! In: decisions, groups and the rows that count. Out: [`Comparison`] with a verdict's material,
//! and its metrics and views.

use interlock_plugin_api::{Bar, Cell, Chart, CheckError, Metric, TableRow, View};
use interlock_stats::proportion::wilson;

use crate::disparity::{Disparity, Rate, compare};
use crate::study::{Sorting, Study};

/// Confidence of every interval.
pub const LEVEL: f64 = 0.95;

/// A rate of several groups.
pub struct Comparison<'s> {
    /// The groups.
    pub sorting: &'s Sorting,
    /// Rate of each group; `n` may be 0.
    pub rates: Vec<Rate>,
    /// Which groups have rows enough to be compared.
    pub is_judged: Vec<bool>,
    /// The comparison of those; `None` if fewer than two.
    pub disparity: Option<Disparity>,
}

/// The names one rate goes by.
pub struct Wording {
    /// Metric and view id: `selection_rate`.
    pub id: &'static str,
    /// For people: `Selection rate`.
    pub title: &'static str,
    /// What a row counts for: `rows`, `positive rows`.
    pub of: &'static str,
}

impl<'s> Comparison<'s> {
    /// Counts, among the rows of each group that `counts` holds true for, those the model selects.
    ///
    /// # Errors
    /// Never for well-formed studies; numerics refuse impossible counts.
    pub fn new(
        study: &Study,
        sorting: &'s Sorting,
        counts: impl Fn(usize) -> bool,
        min_n: u64,
        n_families: usize,
    ) -> Result<Self, CheckError> {
        let rate = |rows: &[usize]| {
            let mut rate = Rate { successes: 0, n: 0 };
            for &row in rows.iter().filter(|&&row| counts(row)) {
                rate.n += 1;
                rate.successes += u64::from(study.selected[row] == Some(true));
            }
            rate
        };
        let rates: Vec<Rate> = sorting.groups.iter().map(|g| rate(&g.rows)).collect();
        let is_judged: Vec<bool> = rates.iter().map(|rate| rate.n >= min_n.max(1)).collect();
        let judged: Vec<usize> = (0..rates.len()).filter(|&at| is_judged[at]).collect();
        let disparity = if judged.len() < 2 {
            None
        } else {
            let kept: Vec<Rate> = judged.iter().map(|&at| rates[at]).collect();
            let found = compare(&kept, LEVEL, n_families).map_err(numerics)?;
            Some(Disparity {
                lowest: judged[found.lowest],
                highest: judged[found.highest],
                ..found
            })
        };
        Ok(Self {
            sorting,
            rates,
            is_judged,
            disparity,
        })
    }

    /// The group's name as metrics and findings say it: `sex=female`.
    pub fn group(&self, at: usize) -> String {
        format!("{}={}", self.sorting.column, self.sorting.groups[at].name)
    }

    /// How many rows the compared groups have.
    pub fn n_judged(&self) -> u64 {
        let judged = |at: &usize| self.is_judged[*at];
        (0..self.rates.len())
            .filter(judged)
            .map(|at| self.rates[at].n)
            .sum()
    }

    /// The largest of the groups left out for having too few rows.
    pub fn small_groups(&self) -> Vec<usize> {
        (0..self.rates.len())
            .filter(|&at| !self.is_judged[at])
            .collect()
    }

    /// A metric per group.
    pub fn group_metrics(&self, wording: &Wording) -> Vec<Metric> {
        let metric = |(at, rate): (usize, &Rate)| {
            let share = if rate.n == 0 { f64::NAN } else { rate.share() };
            let metric = Metric::new(wording.id, share, rate.n)
                .title(wording.title)
                .unit("rate")
                .column(&*self.sorting.column)
                .group(self.group(at));
            match wilson(rate.successes, rate.n, LEVEL) {
                Ok(bounds) => metric.interval(bounds.low, bounds.high, LEVEL, "Wilson"),
                Err(_no_rows) => metric,
            }
        };
        self.rates.iter().enumerate().map(metric).collect()
    }

    /// The difference of the extreme rates as a metric.
    pub fn difference_metric(&self, id: &str, title: &str, limit: f64) -> Metric {
        let value = self.disparity.as_ref().map_or(f64::NAN, |d| d.difference);
        let metric = Metric::new(id, value, self.n_judged())
            .title(title)
            .unit("rate")
            .column(&*self.sorting.column)
            .at_most(None, Some(limit));
        match &self.disparity {
            Some(found) => {
                let bounds = found.difference_bounds;
                metric.interval(bounds.low, bounds.high, LEVEL, self.method("Newcombe"))
            }
            None => metric,
        }
    }

    /// The ratio of the extreme rates as a metric; `limit` if it is judged.
    pub fn ratio_metric(&self, id: &str, title: &str, limit: Option<f64>) -> Metric {
        let ratio = self.disparity.as_ref().and_then(|d| d.ratio);
        let mut metric = Metric::new(id, ratio.unwrap_or(f64::NAN), self.n_judged())
            .title(title)
            .column(&*self.sorting.column);
        if limit.is_some() {
            metric = metric.at_least(None, limit);
        }
        match self.disparity.as_ref().and_then(|d| d.ratio_bounds) {
            Some(bounds) => metric.interval(bounds.low, bounds.high, LEVEL, self.method("MOVER-R")),
            None => metric,
        }
    }

    /// Bars of the rates with their intervals; `opens` names the rows a bar opens.
    pub fn bars(
        &self,
        study: &Study,
        wording: &Wording,
        threshold: Option<f64>,
        opens: impl Fn(usize) -> bool,
    ) -> View {
        let bar = |(at, rate): (usize, &Rate)| {
            let group = &self.sorting.groups[at];
            let label = if self.is_judged[at] {
                group.name.clone()
            } else {
                format!("{} (n = {})", group.name, rate.n)
            };
            let interval = wilson(rate.successes, rate.n, LEVEL).ok();
            Some(Bar {
                label,
                value: rate.share(),
                interval: Some(interval.map(|bounds| (bounds.low, bounds.high))?),
                is_flagged: self.is_judged[at]
                    && threshold.is_some_and(|limit| rate.share() < limit - 1e-12),
                rows: Some(study.table_rows(group.rows.iter().copied().filter(|&r| opens(r)))),
            })
        };
        let bars = self.rates.iter().enumerate().filter_map(bar).collect();
        let chart = Chart::Bars {
            value_axis: format!("{} (share of {})", wording.title.to_lowercase(), wording.of),
            bars,
            threshold,
        };
        let column = &self.sorting.column;
        View::new(
            format!("{}-{column}", wording.id.replace('_', "-")),
            format!("{} by {column}", wording.title),
            chart,
        )
    }

    /// The figures of every group.
    pub fn table(&self, study: &Study, wording: &Wording) -> View {
        let highest = self
            .disparity
            .as_ref()
            .map(|d| self.rates[d.highest].share());
        let row = |(at, rate): (usize, &Rate)| {
            let bounds = wilson(rate.successes, rate.n, LEVEL).ok();
            let of_highest = highest.map_or(f64::NAN, |highest| rate.share() / highest);
            let state = if self.is_judged[at] {
                "compared"
            } else {
                "too few rows"
            };
            let cells = vec![
                Cell::from(self.sorting.groups[at].name.as_str()),
                Cell::from(rate.n as f64),
                Cell::from(rate.successes as f64),
                Cell::from(rate.share()),
                Cell::from(bounds.map_or(f64::NAN, |b| b.low)),
                Cell::from(bounds.map_or(f64::NAN, |b| b.high)),
                Cell::from(of_highest),
                Cell::from(state),
            ];
            TableRow {
                cells,
                rows: Some(study.table_rows(self.sorting.groups[at].rows.iter().copied())),
            }
        };
        let headings = [
            "group",
            wording.of,
            "selected",
            "rate",
            "low",
            "high",
            "of highest",
            "state",
        ];
        let chart = Chart::Table {
            columns: headings.iter().map(ToString::to_string).collect(),
            rows: self.rates.iter().enumerate().map(row).collect(),
        };
        let column = &self.sorting.column;
        View::new(
            format!("{}-table-{column}", wording.id.replace('_', "-")),
            format!("{} by {column}, in figures", wording.title),
            chart,
        )
    }

    fn method(&self, name: &str) -> String {
        match self.is_judged.iter().filter(|judged| **judged).count() {
            0..=2 => name.to_owned(),
            n => format!("{name}, Bonferroni over {} pairs", n * (n - 1) / 2),
        }
    }
}

/// An error of the numerics as the check's.
pub fn numerics(error: interlock_stats::StatsError) -> CheckError {
    CheckError::failed(error.to_string())
}
