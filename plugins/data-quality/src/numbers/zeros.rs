//! The check `data-quality.zeros`.
//!
//! In: the training table. Out: columns that are mostly zero, and columns where zero stands where
//! the other values never come near, so that it probably means "not known".

use interlock_plugin_api::{
    Bar, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, View,
    check,
};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, failed, figure};
use crate::numbers::column::{Numbers, numeric};
use crate::numbers::spread::Spread;
use crate::wording::{self, MAX_MARKS, counted, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of zeros among values above which a column is noted as mostly zero, 0 to 1.
    note_above: f64,
    /// Robust z-score of zero among the other values, 1 to 100, beyond which zeros are suspected
    /// to mean "not known".
    placeholder_z: f64,
    /// Values other than zero below which nothing is suspected.
    min_others: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            note_above: 0.5,
            placeholder_z: 4.0,
            min_others: 30,
        }
    }
}

/// The zeros of one column.
struct Zeros {
    name: String,
    n_present: usize,
    rows: Vec<usize>,
    /// The other values.
    others: Option<Spread>,
}

impl Zeros {
    fn of(column: Numbers) -> Self {
        let rows = column.rows(is_zero);
        let others: Vec<f64> = if rows.is_empty() {
            Vec::new()
        } else {
            let all = column.values.iter().copied();
            all.filter(|value| !is_zero(*value)).collect()
        };
        Self {
            n_present: column.n_present(),
            name: column.name,
            rows,
            others: Spread::of(&others),
        }
    }

    fn share(&self) -> f64 {
        self.rows.len() as f64 / self.n_present.max(1) as f64
    }

    /// The other values, if zero lies farther from them than they ever lie from each other.
    fn far_from(&self, settings: &Settings) -> Option<&Spread> {
        self.others.as_ref().filter(|others| {
            let is_one_sided = others.min > 0.0 || others.max < 0.0;
            let nearest = others.min.abs().min(others.max.abs());
            is_one_sided
                && self.share() <= 0.5
                && others.n >= settings.min_others
                && others.robust_z(0.0).abs() > settings.placeholder_z
                // A gap before zero: not the end of a tail that reaches down to it.
                && nearest > others.scale
        })
    }

    fn finding(&self, settings: &Settings) -> Option<Finding> {
        let name = &self.name;
        let zeros = counted(self.rows.len(), "row");
        let share = percent(self.share());
        let finding = if let Some(others) = self.far_from(settings) {
            let title = format!(
                "column '{name}' is 0 in {zeros} ({share}), far from its other values, {} to {}",
                figure(others.min),
                figure(others.max)
            );
            let z = figure(others.robust_z(0.0).abs());
            Finding::new("DQ053", Severity::Warning, title)
                .because(format!("Zero lies {z} robust deviations from the middle of the other values and nothing lies between: most likely it was written for \"not known\", and the model takes it for a measurement."))
                .advice("If zero cannot be measured here, make these cells missing.")
        } else if self.share() > settings.note_above {
            let title = format!("column '{name}' is 0 in {share} of rows with a value");
            Finding::new("DQ053", Severity::Note, title)
                .because("Two questions stand in one column: whether there is any, and how much. Means and scalers describe neither.")
                .advice("Consider a second column \"is above 0\"; make sure that 0 is not written for \"not known\".")
        } else {
            return None;
        };
        let rows = Rows::new(Role::Train, self.rows.iter().copied());
        Some(finding.column(name).rows(rows).evidence("zeros"))
    }
}

#[check(
    id = "data-quality.zeros",
    title = "Zeros",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ053 = "column is mostly zero, or zero stands for missing"),
    cost = "quick",
    docs = "zeros.md"
)]
pub(crate) fn zeros(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("note_above", settings.note_above)?;
    conclusion::check_range("placeholder_z", settings.placeholder_z, 1.0, 100.0)?;
    let columns = numeric(ctx, &ctx.table(Role::Train)?)?;
    let mut columns: Vec<Zeros> = columns
        .into_iter()
        .map(Zeros::of)
        .filter(|column| column.n_present > 0)
        .collect();
    columns.sort_by(|a, b| b.share().total_cmp(&a.share()));
    let findings: Vec<Finding> = columns
        .iter()
        .filter_map(|column| column.finding(&settings))
        .collect();
    let n_suspected = columns
        .iter()
        .filter(|column| column.far_from(&settings).is_some())
        .count();
    let n_columns = columns.len();
    let otherwise = Otherwise {
        has_enough: n_columns > 0,
        sound: match columns.first() {
            Some(most) if !most.rows.is_empty() => format!(
                "no zeros where the other values never come near; most stand in '{}', {}",
                most.name,
                percent(most.share())
            ),
            _ => format!("{} without a zero", counted(n_columns, "numeric column")),
        },
        undecided: "no number to look at; it takes one".to_owned(),
    };
    let mut outcome = conclusion::outcome(findings, otherwise).metric(
        Metric::new("n_suspected", n_suspected as f64, n_columns as u64)
            .title("Columns whose zeros may mean \"not known\"")
            .unit("columns")
            .at_most(Some(0.0), None),
    );
    let mut bars = Vec::new();
    for column in columns
        .iter()
        .filter(|column| !column.rows.is_empty())
        .take(MAX_MARKS)
    {
        let (n_zeros, n) = (column.rows.len() as u64, column.n_present as u64);
        let bounds = wilson(n_zeros, n, 0.95).map_err(failed)?;
        outcome = outcome.metric(
            Metric::new("zero_share", column.share(), n)
                .title("Share of zeros")
                .unit("rate")
                .column(&column.name)
                .interval(bounds.low, bounds.high, 0.95, "Wilson"),
        );
        bars.push(Bar {
            interval: Some((bounds.low, bounds.high)),
            is_flagged: column.finding(&settings).is_some(),
            rows: Some(Rows::new(Role::Train, column.rows.iter().copied())),
            ..Bar::new(&column.name, column.share())
        });
    }
    if !bars.is_empty() {
        let chart = Chart::Bars {
            value_axis: "share of zeros among rows with a value".to_owned(),
            bars,
            threshold: Some(settings.note_above),
        };
        let view = View::new("zeros", "Zeros by column", chart);
        outcome = outcome.view(view.caption("Columns without a zero are left out."));
    }
    Ok(outcome)
}

/// Positive or negative zero.
fn is_zero(value: f64) -> bool {
    value.abs() <= 0.0
}
