//! The check `data-quality.giveaway-features`.
//!
//! In: inputs and target of the training and the test table. Out: inputs that tell the target on
//! held-out rows all by themselves, and inputs that tell it in the training table only.

use interlock_plugin_api::{
    Bar, CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, Task, check,
};
use interlock_stats::multiplicity::holm;
use interlock_stats::proportion::{Bounds, two_sided_quantile};
use serde::{Deserialize, Serialize};

use crate::split::chance::two_sided;
use crate::split::report::{
    LEVEL, Report, bars_view, check_not_negative, check_open_share, p_value,
};
use crate::split::scores::{
    Binned, binned_codes, binned_numbers, carried_power, cross, level_auc, predictive_power,
};
use crate::split::sides::{Beside, Cells, Want, beside, counts, inputs};
use crate::wording::{self, counted};

/// Bins of numbers, of categories, and classes looked at.
const MAX_BINS: usize = 32;
const MAX_VALUES: usize = 64;
const MAX_CLASSES: usize = 20;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Area under the ROC curve of a single input, 0 to 1, from which it gives the target away.
    max_auc: f64,
    /// R² of a single input for a number as target, 0 to 1, from which it gives the target away.
    max_r2: f64,
    /// Fall of predictive power from train to test, 0 to 1, from which the check warns.
    max_change: f64,
    /// Corrected p-value, between 0 and 1, below which a fall is no chance.
    alpha: f64,
    /// Test rows with a target below which nothing is told.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_auc: 0.95,
            max_r2: 0.95,
            max_change: 0.2,
            alpha: 0.05,
            min_rows: 30,
        }
    }
}

/// The target of both tables.
enum Target {
    Classes {
        train: Vec<u32>,
        test: Vec<u32>,
        n: usize,
    },
    Numbers {
        train: Vec<f64>,
        test: Vec<f64>,
    },
}

/// What one input tells.
struct Told {
    name: String,
    score: f64,
    bounds: Bounds,
    /// Test rows with a known target.
    n: u64,
    /// Predictive power and its standard error, in train and test.
    power: Option<[(f64, f64); 2]>,
}

#[check(
    id = "data-quality.giveaway-features",
    title = "Inputs that give the target away",
    stage = "data-quality",
    needs(train, test, target),
    codes(
        DQ091 = "an input tells the target all by itself",
        DQ092 = "an input tells the target in the training table only"
    ),
    cost = "moderate",
    docs = "giveaway.md"
)]
pub(crate) fn giveaway_features(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("max_auc", settings.max_auc)?;
    wording::check_share("max_r2", settings.max_r2)?;
    check_not_negative("max_change", settings.max_change)?;
    check_open_share("alpha", settings.alpha)?;
    let facts = ctx.facts();
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let is_number = facts.task == Task::Regression;
    let name = facts
        .target
        .as_deref()
        .ok_or_else(|| CheckError::missing_input("the project names no target"))?;
    let column = beside(&tables, name, is_number)?;
    let target = column.as_ref().and_then(target);
    let target = target.ok_or_else(|| {
        CheckError::missing_input(format!(
            "the target '{name}' is not in both tables in the same type"
        ))
    })?;
    let mut report = Report::default();
    if let Some(why) = too_little(&target, settings.min_rows) {
        return Ok(report.outcome(Err(why)));
    }
    let columns = inputs(facts, &tables, Want::All)?;
    let mut told: Vec<Told> = columns
        .iter()
        .filter_map(|column| told(column, &target))
        .collect();
    told.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (unit, limit) = if is_number {
        ("R²", settings.max_r2)
    } else {
        ("AUC", settings.max_auc)
    };
    let mut bars = Vec::new();
    for told in &told {
        say(&mut report, &mut bars, told, (unit, limit));
    }
    let view = bars_view(
        "alone",
        &format!("{unit} on test rows of each input alone"),
        "The rule is learned from the training table.",
    );
    report.bars(view, bars, unit, Some(limit));
    changes(&mut report, &told, &settings)?;
    if is_number {
        report.note("The change of predictive power is looked at for classes only.");
    }
    Ok(report.outcome(match told.first() {
        None => Err("no input is in both tables in the same type".to_owned()),
        Some(best) => Ok(format!(
            "none of {} gives the target away; the best alone is '{}' ({unit} {:.3})",
            counted(told.len(), "input"),
            best.name,
            best.score
        )),
    }))
}

fn target(column: &Beside) -> Option<Target> {
    match &column.tables[..] {
        [Cells::Codes(train), Cells::Codes(test)] => Some(Target::Classes {
            train: train.clone(),
            test: test.clone(),
            n: column.n_codes,
        }),
        [Cells::Numbers(train), Cells::Numbers(test)] => Some(Target::Numbers {
            train: train.clone(),
            test: test.clone(),
        }),
        _ => None,
    }
}

fn too_little(target: &Target, min_rows: usize) -> Option<String> {
    let (known, varies) = match target {
        Target::Classes { test, n, train } => {
            let of = |codes: &[u32]| counts(codes, *n);
            let many = |counts: &[u64]| counts.iter().filter(|count| **count > 0).count() > 1;
            let known = of(test).iter().sum::<u64>();
            (
                usize::try_from(known).unwrap_or(usize::MAX),
                many(&of(test)) && many(&of(train)),
            )
        }
        Target::Numbers { test, train } => {
            let varies = |values: &[f64]| {
                let mut finite = values.iter().filter(|value| value.is_finite());
                let first = finite.next().copied();
                first.is_some_and(|first| finite.any(|value| (value - first).abs() > 0.0))
            };
            (
                test.iter().filter(|value| value.is_finite()).count(),
                varies(test) && varies(train),
            )
        }
    };
    if known < min_rows {
        return Some(format!(
            "{} with a target are too few; {min_rows} would do",
            counted(known, "test row")
        ));
    }
    (!varies).then(|| {
        "the target does not vary in one of the tables; two values in each would do".to_owned()
    })
}

fn binned(column: &Beside) -> Option<Binned> {
    match &column.tables[..] {
        [Cells::Numbers(train), Cells::Numbers(test)] => {
            Some(binned_numbers(train, test, MAX_BINS))
        }
        [Cells::Codes(train), Cells::Codes(test)] => {
            Some(binned_codes(train, test, column.n_codes, MAX_VALUES))
        }
        _ => None,
    }
}

fn told(column: &Beside, target: &Target) -> Option<Told> {
    let bins = binned(column)?;
    let name = column.name.clone();
    match target {
        Target::Numbers { train, test } => {
            let (score, bounds) = r2(&bins, train, test)?;
            Some(Told {
                name,
                score,
                bounds,
                n: test.iter().filter(|value| value.is_finite()).count() as u64,
                power: None,
            })
        }
        Target::Classes { train, test, n } => {
            let (a, b) = (
                cross(&bins.train, bins.n_bins, train, *n),
                cross(&bins.other, bins.n_bins, test, *n),
            );
            let n_train = a.iter().sum::<u64>() as f64;
            let share =
                |class: usize| a.iter().skip(class).step_by(*n).sum::<u64>() as f64 / n_train;
            let mut classes: Vec<usize> = (0..*n).collect();
            classes.sort_by(|&x, &y| share(y).total_cmp(&share(x)).then(x.cmp(&y)));
            let areas = classes.into_iter().take(MAX_CLASSES).filter_map(|class| {
                let base = share(class);
                let levels: Vec<(f64, u64, u64)> = (0..bins.n_bins)
                    .map(|bin| {
                        let of = |counts: &[u64]| {
                            (
                                counts[bin * n + class],
                                counts[bin * n..][..*n].iter().sum::<u64>(),
                            )
                        };
                        let ((k, all), (positive, there)) = (of(&a), of(&b));
                        (
                            (k as f64 + base) / (all as f64 + 1.0),
                            positive,
                            there - positive,
                        )
                    })
                    .collect();
                level_auc(&levels, LEVEL)
            });
            let best = areas.max_by(|x, y| x.value.total_cmp(&y.value))?;
            let in_train = predictive_power(&bins.train, bins.n_bins, train, *n);
            let in_test = carried_power(&a, &bins.other, test, *n);
            let power = in_train.zip(in_test).map(|(a, b)| [a, b]);
            Some(Told {
                name,
                score: best.value,
                bounds: best.bounds,
                n: b.iter().sum(),
                power,
            })
        }
    }
}

/// R² on the test rows of the training mean of the bin, with its interval by the delta method.
fn r2(bins: &Binned, train: &[f64], test: &[f64]) -> Option<(f64, Bounds)> {
    let mut sums = vec![(0.0, 0.0); bins.n_bins];
    let (mut total, mut n_total) = (0.0, 0.0);
    for (bin, value) in bins
        .train
        .iter()
        .zip(train)
        .filter(|(_, value)| value.is_finite())
    {
        let sum = &mut sums[*bin as usize];
        *sum = (sum.0 + value, sum.1 + 1.0);
        total += value;
        n_total += 1.0;
    }
    let overall = total / n_total;
    let said = |bin: u32| {
        let (sum, n) = sums[bin as usize];
        if n > 0.0 { sum / n } else { overall }
    };
    let rows: Vec<usize> = (0..test.len())
        .filter(|&row| test[row].is_finite())
        .collect();
    let n = rows.len() as f64;
    let mean = rows.iter().map(|&row| test[row]).sum::<f64>() / n;
    let parts: Vec<(f64, f64)> = rows
        .iter()
        .map(|&row| {
            (
                (test[row] - said(bins.other[row])).powi(2),
                (test[row] - mean).powi(2),
            )
        })
        .collect();
    let (wrong, spread) = parts
        .iter()
        .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let ratio = wrong / spread;
    if !ratio.is_finite() {
        return None;
    }
    let influence: f64 = parts
        .iter()
        .map(|part| ((part.0 - ratio * part.1) / (spread / n)).powi(2))
        .sum();
    let half = two_sided_quantile(LEVEL).ok()? * influence.sqrt() / n;
    Some((
        1.0 - ratio,
        Bounds {
            low: 1.0 - ratio - half,
            high: (1.0 - ratio + half).min(1.0),
        },
    ))
}

fn say(report: &mut Report, bars: &mut Vec<Bar>, told: &Told, how: (&str, f64)) {
    let (unit, limit) = how;
    let (id, method) = if unit == "AUC" {
        ("auc_alone", "DeLong")
    } else {
        ("r2_alone", "delta method")
    };
    let Bounds { low, high } = told.bounds;
    report.metrics.push(
        Metric::new(id, told.score, told.n)
            .title(format!("{unit} on test rows of this input alone"))
            .column(&told.name)
            .interval(low, high, LEVEL, method)
            .at_most(Some(limit), Some(limit)),
    );
    let mut bar = Bar::new(&told.name, told.score);
    bar.interval = Some((low, high));
    bar.is_flagged = told.score >= limit;
    bars.push(bar);
    if told.score >= limit {
        let is_sure = low >= limit;
        let title = format!(
            "input '{}' tells the target all by itself: {unit} {:.3} on test rows ({low:.3} to {high:.3})",
            told.name, told.score
        );
        report.find(
            Finding::new("DQ091", if is_sure { Severity::Error } else { Severity::Warning }, title)
                .because("Hardly anything known before the outcome is that good. Most likely it was filled in from the outcome, in both tables, so that no test score shows it.")
                .advice("Find out when it is known. If not before the outcome, remove it; if it truly is that good, raise the limit.")
                .column(&told.name)
                .evidence("alone"),
        );
    }
}

fn changes(report: &mut Report, told: &[Told], settings: &Settings) -> Result<(), CheckError> {
    let known: Vec<(&Told, [(f64, f64); 2])> = told
        .iter()
        .filter_map(|told| Some((told, told.power?)))
        .collect();
    let error_of = |power: &[(f64, f64); 2]| power[0].1.hypot(power[1].1);
    let p_values: Vec<f64> = known
        .iter()
        .map(|(_, power)| two_sided((power[0].0 - power[1].0) / error_of(power)))
        .collect();
    let corrected = holm(&p_values).map_err(|error| CheckError::failed(error.to_string()))?;
    let z = two_sided_quantile(LEVEL).map_err(|error| CheckError::failed(error.to_string()))?;
    for ((told, power), p) in known.into_iter().zip(corrected) {
        let (fall, half) = (power[0].0 - power[1].0, z * error_of(&power));
        report.metrics.push(
            Metric::new("power_change", fall, told.n)
                .title("Predictive power in train less that in test")
                .column(&told.name)
                .interval(fall - half, fall + half, LEVEL, "jackknife")
                .at_most(Some(settings.max_change), None),
        );
        if fall >= settings.max_change && p < settings.alpha {
            let title = format!(
                "input '{}' tells the target in train (predictive power {:.2}) but much less in test ({:.2}; {})",
                told.name,
                power[0].0,
                power[1].0,
                p_value(p)
            );
            report.find(
                Finding::new("DQ092", Severity::Warning, title)
                    .because("What the model learns from it does not hold on the test table: it leaked into the training table, or its meaning changed.")
                    .advice("Compare how the column is filled for the two tables.")
                    .column(&told.name)
                    .evidence("alone"),
            );
        }
    }
    Ok(())
}
