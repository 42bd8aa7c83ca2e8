//! The check `data-quality.skew`.
//!
//! In: the training table. Out: columns so lopsided that a few rows carry all their weight.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, View,
    check,
};
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, figure};
use crate::numbers::column::numeric;
use crate::numbers::spread::{Spread, skewness};
use crate::wording::{MAX_MARKS, counted};

/// Rows named as those that carry the skew.
const N_EXTREME: usize = 10;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Absolute skewness above which a column is reported, 0 to 1e6.
    warn_above: f64,
    /// Values below which a column's skewness is not judged, at least 3.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 20.0,
            min_rows: 30,
        }
    }
}

/// The skewness of one column.
struct Skewed {
    name: String,
    n: usize,
    skewness: f64,
    /// Without the value farthest from the median.
    without_one: Option<f64>,
    /// Rows farthest from the median, ascending.
    extreme: Vec<usize>,
}

#[check(
    id = "data-quality.skew",
    title = "Skew",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ054 = "column is extremely lopsided"),
    cost = "quick",
    docs = "skew.md"
)]
pub(crate) fn skew(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    conclusion::check_range("warn_above", settings.warn_above, 0.0, 1e6)?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 3.0, 1e9)?;
    let mut judged = Vec::new();
    for column in numeric(ctx, &ctx.table(Role::Train)?)? {
        let Some(spread) = Spread::of(&column.values).filter(|s| s.n >= settings.min_rows) else {
            continue;
        };
        if let Some(skewness) = skewness(&column.values) {
            let mut found = Skewed {
                name: column.name.clone(),
                n: spread.n,
                skewness,
                without_one: None,
                extreme: Vec::new(),
            };
            if skewness.abs() > settings.warn_above {
                found.look_closer(&column.values, spread.median);
            }
            judged.push(found);
        }
    }
    judged.sort_by(|a, b| b.skewness.abs().total_cmp(&a.skewness.abs()));
    Ok(outcome(&judged, &settings))
}

impl Skewed {
    /// Who carries the skew.
    fn look_closer(&mut self, values: &[f64], median: f64) {
        let distance = |row: usize| (values[row] / 2.0 - median / 2.0).abs();
        let mut rows: Vec<usize> = (0..values.len())
            .filter(|row| values[*row].is_finite())
            .collect();
        rows.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
        let rest: Vec<f64> = rows.iter().skip(1).map(|&row| values[row]).collect();
        self.without_one = skewness(&rest);
        rows.truncate(N_EXTREME);
        rows.sort_unstable();
        self.extreme = rows;
    }

    fn finding(&self) -> Finding {
        let (name, value) = (&self.name, figure(self.skewness));
        let rest = self.without_one.map_or(String::new(), |rest| {
            format!(
                " Without its most extreme value alone, the skewness is {}.",
                figure(rest)
            )
        });
        let because = format!(
            "A few rows carry nearly all of its variance: linear models, distances and scalers see hardly anything else. Trees do not mind.{rest}"
        );
        Finding::new("DQ054", Severity::Warning, format!("column '{name}' has the skewness {value}"))
            .because(because)
            .advice("Open the most extreme rows: errors? If not, use the logarithm or ranks, or clip at a stated quantile.")
            .column(name)
            .rows(Rows::new(Role::Train, self.extreme.iter().copied()))
            .evidence("skew")
    }
}

fn outcome(judged: &[Skewed], settings: &Settings) -> Outcome {
    let is_flagged = |found: &Skewed| found.skewness.abs() > settings.warn_above;
    let findings: Vec<Finding> = judged
        .iter()
        .filter(|found| is_flagged(found))
        .map(Skewed::finding)
        .collect();
    let otherwise = Otherwise {
        has_enough: !judged.is_empty(),
        sound: judged.first().map_or(String::new(), |most| {
            format!(
                "no skewness beyond {}; the largest is {} in '{}'",
                settings.warn_above,
                figure(most.skewness),
                most.name
            )
        }),
        undecided: format!(
            "no numeric column varies over {} or more; that would do",
            counted(settings.min_rows, "value")
        ),
    };
    let mut outcome = conclusion::outcome(findings, otherwise);
    for found in judged.iter().take(MAX_MARKS) {
        let limit = settings.warn_above;
        let metric = if found.skewness < 0.0 {
            Metric::new("skewness", found.skewness, found.n as u64).at_least(Some(-limit), None)
        } else {
            Metric::new("skewness", found.skewness, found.n as u64).at_most(Some(limit), None)
        };
        outcome = outcome.metric(metric.title("Skewness").column(&found.name));
    }
    if judged.is_empty() {
        return outcome;
    }
    let bars = judged
        .iter()
        .take(MAX_MARKS)
        .map(|found| Bar {
            is_flagged: is_flagged(found),
            rows: (!found.extreme.is_empty())
                .then(|| Rows::new(Role::Train, found.extreme.iter().copied())),
            ..Bar::new(&found.name, found.skewness)
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "skewness".to_owned(),
        bars,
        threshold: Some(settings.warn_above),
    };
    let caption = "Positive: a long tail upward. A marked bar opens the most extreme rows.";
    outcome.view(View::new("skew", "Skewness by column", chart).caption(caption))
}
