//! The check `data-quality.unit-mix-ups`.
//!
//! In: the training table. Out: columns of which a part of the rows is in another unit.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    TableRow, View, check,
};
use interlock_report::report::{MAX_MARKS, Report, failed};
use interlock_report::settings::check_range;
use interlock_report::words::{counted, figure, percent, probability};
use interlock_stats::multiplicity::holm;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::numbers::column::{Numbers, numeric};
use crate::numbers::two_groups::{
    Groups, MIN_GROUP, Match, groups, nearest_factor, nearest_temperature,
};

/// Values of a column looked at for two groups; all rows are then told which they belong to.
const MAX_VALUES: usize = 10_000;

/// Bins of a histogram.
const N_BINS: usize = 24;

/// Histograms at most.
const MAX_HISTOGRAMS: usize = 5;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Probability, 1e-12 to 0.5, up to which the distance of two groups is no chance, corrected for
    /// all columns with two groups.
    alpha: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.05 }
    }
}

/// A column of two groups.
struct Mixed<'c> {
    column: &'c Numbers,
    /// Whether the groups are those of the logarithms.
    is_log: bool,
    found: Groups,
    /// Rows of the lower group have values up to here.
    border: f64,
    nearest: Match,
    corrected: f64,
}

#[check(
    id = "data-quality.unit-mix-ups",
    title = "Mixed units",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ055 = "some values are in another unit"),
    cost = "quick",
    docs = "unit_mix_ups.md"
)]
pub(crate) fn unit_mix_ups(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("alpha", settings.alpha, 1e-12, 0.5)?;
    let columns = numeric(ctx, &ctx.table(Role::Train)?)?;
    let mut mixed = Vec::new();
    let (mut n_enough, mut n_sampled) = (0, 0);
    for (at, column) in columns.iter().enumerate() {
        let values = sample(column, &mut Rng::for_stream(ctx.seed(), at as u64));
        n_enough += usize::from(values.len() >= 2 * MIN_GROUP);
        n_sampled += usize::from(values.len() < column.n_present() && values.len() >= MAX_VALUES);
        mixed.extend(mixed_units(column, &values));
    }
    let p_values: Vec<f64> = mixed.iter().map(|one| one.nearest.p_value).collect();
    for (one, corrected) in mixed.iter_mut().zip(holm(&p_values).map_err(failed)?) {
        one.corrected = corrected;
    }
    mixed.sort_by(|a, b| a.corrected.total_cmp(&b.corrected));
    let mut outcome = outcome(&mixed, (columns.len(), n_enough), settings.alpha);
    if n_sampled > 0 {
        outcome.notes.push(format!(
            "Groups were looked for among {MAX_VALUES} values drawn at random in {}; the rows named are all.",
            counted(n_sampled, "column")
        ));
    }
    Ok(outcome)
}

/// Finite values, ascending; of many a sample.
fn sample(column: &Numbers, rng: &mut Rng) -> Vec<f64> {
    let finite = |value: &f64| value.is_finite();
    let mut values: Vec<f64> = column.values.iter().copied().filter(finite).collect();
    if values.len() > MAX_VALUES {
        let chosen = rng.sample_sorted(values.len(), MAX_VALUES);
        values = chosen.into_iter().map(|at| values[at]).collect();
    }
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The column as two groups, by factors of the positive values and by scales of temperature; the
/// likelier of both.
fn mixed_units<'c>(column: &'c Numbers, values: &[f64]) -> Option<Mixed<'c>> {
    let one = |is_log: bool, values: &[f64]| -> Option<Mixed<'c>> {
        let found = groups(values)?;
        let nearest = if is_log {
            nearest_factor(values, &found)
        } else {
            nearest_temperature(values, &found)
        }?;
        let border = f64::midpoint(values[found.n_low - 1], values[found.n_low]);
        Some(Mixed {
            column,
            is_log,
            found,
            border: if is_log { border.exp() } else { border },
            nearest,
            corrected: 1.0,
        })
    };
    let n_negative = values.partition_point(|value| *value < 0.0);
    let by_factor = if n_negative == 0 {
        let positive = values.iter().filter(|value| **value > 0.0);
        one(
            true,
            &positive.map(|value| value.ln()).collect::<Vec<f64>>(),
        )
    } else {
        None
    };
    let by_scale = one(false, values);
    let chance = |one: &Mixed<'_>| {
        if one.nearest.is_alike {
            one.nearest.p_value
        } else {
            1.0
        }
    };
    let both = [by_factor, by_scale];
    let n_tried = both.iter().flatten().count() as f64;
    let mut best = both
        .into_iter()
        .flatten()
        .min_by(|a, b| chance(a).total_cmp(&chance(b)))?;
    best.nearest.p_value = (chance(&best) * n_tried).min(1.0);
    Some(best)
}

impl Mixed<'_> {
    /// Whether a value belongs to the lower group; nothing of one that belongs to none.
    fn is_low(&self, value: f64) -> Option<bool> {
        let belongs = value.is_finite() && (!self.is_log || value > 0.0);
        belongs.then_some(value <= self.border)
    }

    /// Rows of the smaller group, whether it is the lower one, and the values of both groups.
    fn minority(&self) -> (Vec<usize>, bool, [Vec<f64>; 2]) {
        let (mut rows, mut values) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for (row, &value) in self.column.values.iter().enumerate() {
            if let Some(is_low) = self.is_low(value) {
                rows[usize::from(!is_low)].push(row);
                values[usize::from(!is_low)].push(value);
            }
        }
        let is_low = rows[0].len() < rows[1].len();
        let [low, high] = rows;
        (if is_low { low } else { high }, is_low, values)
    }

    fn finding(&self, place: usize, alpha: f64) -> Option<Finding> {
        if self.corrected > alpha {
            return None;
        }
        let name = &self.column.name;
        let (rows, is_low, values) = self.minority();
        let conversion = self.nearest.conversion;
        let n_all = values[0].len() + values[1].len();
        let share = percent(rows.len() as f64 / n_all as f64);
        let what = if self.is_log && is_low {
            format!("a {}th of the others", figure(conversion.factor))
        } else if self.is_log {
            format!("{} times the others", figure(conversion.factor))
        } else {
            "on another scale than the others".to_owned()
        };
        let title = format!(
            "{} of column '{name}' ({share}) are {what}: {}",
            counted(rows.len(), "value"),
            conversion.meaning
        );
        let range = |values: &[f64]| {
            let ends = values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(*value), high.max(*value))
                });
            format!("{} to {}", figure(ends.0), figure(ends.1))
        };
        let (low, high) = self.found.medians;
        let distance = if self.is_log {
            format!("a factor of {}", figure((high - low).exp()))
        } else {
            figure(high - low)
        };
        let because = format!(
            "The column falls into two groups, {} and {}, {distance} apart; converted, both have the same shape. Unrelated groups lie so near to a known conversion with a probability of {} (corrected for all columns). Means, scalers and cuts are wrong for both.",
            range(&values[0]),
            range(&values[1]),
            probability(self.corrected)
        );
        let advice = if self.is_log {
            format!(
                "Find out which source has the other unit, and {} its values by {}. A column that tells the source often separates them.",
                if is_low { "multiply" } else { "divide" },
                figure(conversion.factor)
            )
        } else {
            format!(
                "Find out which source has the other scale and convert: high = {} · low + {}.",
                figure(conversion.factor),
                figure(conversion.offset)
            )
        };
        let evidence = if place < MAX_HISTOGRAMS {
            format!("converted-{place}")
        } else {
            "groups".to_owned()
        };
        Some(
            Finding::new("DQ055", Severity::Warning, title)
                .because(because)
                .advice(advice)
                .column(name)
                .rows(Rows::new(Role::Train, rows))
                .evidence(evidence),
        )
    }

    /// Both groups over the same bins, the higher one converted.
    fn histogram(&self, place: usize) -> View {
        let (_, _, values) = self.minority();
        let conversion = self.nearest.conversion;
        let back = |value: f64| (value - conversion.offset) / conversion.factor;
        let scale = |value: f64| if self.is_log { value.ln() } else { value };
        let unscale = |value: f64| if self.is_log { value.exp() } else { value };
        let low: Vec<f64> = values[0].iter().map(|value| scale(*value)).collect();
        let high: Vec<f64> = values[1].iter().map(|value| scale(back(*value))).collect();
        let ends = low.iter().chain(&high).fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), value| (least.min(*value), most.max(*value)),
        );
        let width = ((ends.1 - ends.0) / N_BINS as f64).max(f64::MIN_POSITIVE);
        let shares = |values: &[f64]| {
            let mut shares = vec![0.0; N_BINS];
            for value in values {
                let bin = interlock_stats::order::index_below((value - ends.0) / width);
                shares[bin.min(N_BINS - 1)] += 1.0 / values.len() as f64;
            }
            shares
        };
        let edge = |at: usize| figure(unscale(ends.0 + at as f64 * width));
        let chart = Chart::HistogramPair {
            value_axis: format!("{}, in the unit of the lower group", self.column.name),
            bins: (0..N_BINS)
                .map(|at| format!("{}–{}", edge(at), edge(at + 1)))
                .collect(),
            reference: shares(&low),
            current: shares(&high),
            rows: Vec::new(),
        };
        let title = format!("'{}': both groups in one unit", self.column.name);
        View::new(format!("converted-{place}"), title, chart)
            .caption("Reference: the lower group. Current: the higher group, converted.")
    }
}

fn outcome(mixed: &[Mixed<'_>], (n_columns, n_enough): (usize, usize), alpha: f64) -> Outcome {
    let findings: Vec<Finding> = mixed
        .iter()
        .enumerate()
        .filter_map(|(place, one)| one.finding(place, alpha))
        .collect();
    let n_found = findings.len();
    let looked = if n_enough > 0 {
        Ok(match mixed.first() {
            Some(first) => format!(
                "no column is in two units; {} of two groups, such as '{}', {} as no conversion gives them",
                counted(mixed.len(), "column"),
                first.column.name,
                if mixed.len() == 1 { "lies" } else { "lie" }
            ),
            None => format!(
                "none of {} falls into two groups",
                counted(n_enough, "numeric column")
            ),
        })
    } else {
        Err(format!(
            "none of {} has {} values",
            counted(n_columns, "numeric column"),
            2 * MIN_GROUP
        ))
    };
    let mut outcome = Report::of(findings).outcome(looked).metric(
        Metric::new("n_mixed", n_found as f64, n_enough as u64)
            .title("Columns in two units")
            .unit("columns")
            .at_most(Some(0.0), None),
    );
    for one in mixed.iter().take(MAX_MARKS) {
        let n = one.column.n_present() as u64;
        outcome = outcome.metric(
            Metric::new("p_value", one.corrected, n)
                .title("Probability of lying so near to a conversion")
                .column(&one.column.name),
        );
    }
    if !mixed.is_empty() {
        outcome = outcome.view(group_table(mixed, alpha));
    }
    for (place, one) in mixed.iter().take(n_found.min(MAX_HISTOGRAMS)).enumerate() {
        outcome = outcome.view(one.histogram(place));
    }
    outcome
}

fn group_table(mixed: &[Mixed<'_>], alpha: f64) -> View {
    let headings = [
        "column",
        "lower group",
        "rows",
        "higher group",
        "rows",
        "apart",
        "nearest conversion",
        "same shape",
        "p",
    ];
    let row = |one: &Mixed<'_>| {
        let (rows, _, values) = one.minority();
        let (low, high) = one.found.medians;
        let shown = |mean: f64| figure(if one.is_log { mean.exp() } else { mean });
        let apart = if one.is_log {
            format!("× {}", figure((high - low).exp()))
        } else {
            format!("+ {}", figure(high - low))
        };
        let conversion = one.nearest.conversion;
        let told = if one.is_log {
            format!("× {}", figure(conversion.factor))
        } else {
            conversion.meaning.to_owned()
        };
        TableRow {
            cells: vec![
                Cell::from(one.column.name.as_str()),
                Cell::from(format!("around {}", shown(low))),
                Cell::from(values[0].len() as f64),
                Cell::from(format!("around {}", shown(high))),
                Cell::from(values[1].len() as f64),
                Cell::from(apart),
                Cell::from(told),
                Cell::from(if one.nearest.is_alike { "yes" } else { "no" }),
                Cell::from(one.corrected),
            ],
            rows: Some(Rows::new(Role::Train, rows)),
        }
    };
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows: mixed.iter().take(MAX_MARKS).map(row).collect(),
    };
    View::new("groups", "Columns of two groups", chart).caption(format!(
        "A column is in two units if the shape is the same and p is up to {alpha}. A line opens the rows of the smaller group."
    ))
}
