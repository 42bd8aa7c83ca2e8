//! The check `data-quality.association-change`.
//!
//! In: inputs and target of the training and the test table. Out: inputs that go with the target
//! differently in the two.

use interlock_plugin_api::{
    Bar, CheckError, Context, Finding, MISSING, Metric, Outcome, Params, Role, Severity, Table,
    Task, check,
};
use interlock_stats::auc::{Auc, delong};
use interlock_stats::distribution::chi_square_sf;
use interlock_stats::multiplicity::holm;
use interlock_stats::order::ranks;
use interlock_stats::proportion::two_sided_quantile;
use serde::{Deserialize, Serialize};

use crate::split::chance::two_sided;
use crate::split::report::{
    LEVEL, Report, bars_view, check_not_negative, check_open_share, p_value,
};
use crate::split::sides::{Beside, Cells, Want, beside, counts, inputs, value_of};
use crate::wording::{counted, percent};

/// Rows of a category in each table below which it shares a bin.
const MIN_CATEGORY: u64 = 20;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Corrected p-value, between 0 and 1, below which a change is no chance.
    alpha: f64,
    /// Change of area, correlation or share of the target, 0 to 1, from which it is told.
    min_change: f64,
    /// Rows with input and target that each table needs.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            min_change: 0.05,
            min_rows: 50,
        }
    }
}

/// How the association of one input changed.
struct Change {
    name: String,
    p_value: f64,
    /// Size, and its interval where there is one.
    size: f64,
    interval: Option<(f64, f64)>,
    n: usize,
    words: String,
}

/// The target of one table as truths or numbers; nothing where it is missing.
type Truths = Vec<Option<bool>>;

#[check(
    id = "data-quality.association-change",
    title = "Change of what inputs say about the target",
    stage = "data-quality",
    needs(train, test, target),
    codes(DQ094 = "an input goes with the target differently in the two tables"),
    cost = "moderate",
    docs = "association.md"
)]
pub(crate) fn association_change(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_open_share("alpha", settings.alpha)?;
    check_not_negative("min_change", settings.min_change)?;
    let facts = ctx.facts();
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let name = facts
        .target
        .as_deref()
        .ok_or_else(|| CheckError::missing_input("the project names no target"))?;
    let target = beside(&tables, name, facts.task == Task::Regression)?;
    let target = target.filter(|target| {
        !target
            .tables
            .iter()
            .any(|cells| matches!(cells, Cells::Absent))
    });
    let target = target.ok_or_else(|| {
        CheckError::missing_input(format!(
            "the target '{name}' is not in both tables in the same type"
        ))
    })?;
    let columns = inputs(facts, &tables, Want::All)?;
    let mut report = Report::default();
    let found: Vec<Change> = match &target.tables[..] {
        [Cells::Numbers(train), Cells::Numbers(test)] => {
            report.note("The target is a number: categories are not looked at.");
            columns
                .iter()
                .filter_map(|column| of_numbers(column, [train, test], settings.min_rows))
                .collect()
        }
        [Cells::Codes(train), Cells::Codes(test)] => {
            let (class, title) = class_of(&tables[0], &target, facts.positive.as_deref());
            report.note(format!("The class '{title}' against the rest."));
            let truths = |codes: &[u32]| -> Truths {
                codes
                    .iter()
                    .map(|code| (*code != MISSING).then_some(*code == class))
                    .collect()
            };
            let truths = [truths(train), truths(test)];
            columns
                .iter()
                .filter_map(|column| of_classes(&tables, column, &truths, settings.min_rows))
                .collect()
        }
        _ => Vec::new(),
    };
    let p_values: Vec<f64> = found.iter().map(|found| found.p_value).collect();
    let corrected = holm(&p_values).map_err(|error| CheckError::failed(error.to_string()))?;
    let mut bars = Vec::new();
    for (change, p) in found.iter().zip(corrected) {
        say(&mut report, &mut bars, change, (p, &settings));
    }
    let view = bars_view(
        "changes",
        "Change of what each input says about the target",
        "Change of AUC or correlation for numbers, of the target's share for categories; a marked bar is no chance.",
    );
    report.bars(view, bars, "change", None);
    Ok(report.outcome(if found.is_empty() {
        Err(format!(
            "no input has {} rows with both kinds of target in both tables",
            settings.min_rows
        ))
    } else {
        Ok(format!(
            "{} as in train",
            if found.len() == 1 {
                "1 input goes with the target".to_owned()
            } else {
                format!("{} go with the target", counted(found.len(), "input"))
            }
        ))
    }))
}

/// The positive class, else the most frequent one.
fn class_of(train: &Table<'_>, target: &Beside, positive: Option<&str>) -> (u32, String) {
    let Some(Cells::Codes(codes)) = target.tables.first() else {
        return (MISSING, String::new());
    };
    let counts = counts(codes, target.n_codes);
    let named = (0_u32..).zip(&counts).find(|(code, n)| {
        **n > 0 && positive.is_some_and(|name| value_of(train, &target.name, codes, *code) == name)
    });
    let most = (0_u32..)
        .zip(&counts)
        .max_by_key(|(code, n)| (**n, std::cmp::Reverse(*code)));
    let class = named.or(most).map_or(MISSING, |(code, _)| code);
    (class, value_of(train, &target.name, codes, class))
}

fn of_classes(
    tables: &[Table<'_>; 2],
    column: &Beside,
    truths: &[Truths; 2],
    min_rows: usize,
) -> Option<Change> {
    match &column.tables[..] {
        [Cells::Numbers(train), Cells::Numbers(test)] => {
            areas(&column.name, [train, test], truths, min_rows)
        }
        [Cells::Codes(train), Cells::Codes(test)] => {
            woolf(&tables[0], column, [train, test], truths, min_rows)
        }
        _ => None,
    }
}

fn areas(name: &str, values: [&[f64]; 2], truths: &[Truths; 2], min_rows: usize) -> Option<Change> {
    let area = |side: usize| -> Option<(Auc, usize)> {
        let known = values[side]
            .iter()
            .zip(&truths[side])
            .filter(|(value, _)| !value.is_nan());
        let (scores, truth): (Vec<f64>, Vec<bool>) = known
            .filter_map(|(value, truth)| Some((*value, (*truth)?)))
            .unzip();
        let rarer = truth.iter().filter(|truth| **truth).count();
        let is_enough = truth.len() >= min_rows && rarer.min(truth.len() - rarer) >= 10;
        delong(&scores, &truth, LEVEL)
            .ok()
            .filter(|_| is_enough)
            .map(|auc| (auc, truth.len()))
    };
    let (train, test) = (area(0)?.0, area(1)?);
    let (test, n) = test;
    let error = train.standard_error.hypot(test.standard_error);
    let size = test.value - train.value;
    let half = two_sided_quantile(LEVEL).ok()? * error;
    Some(Change {
        name: name.to_owned(),
        p_value: if error > 0.0 {
            two_sided(size / error)
        } else {
            f64::from(u8::from(size.abs() <= 0.0))
        },
        size,
        interval: Some((size - half, size + half)),
        n,
        words: format!("AUC {:.3} in train, {:.3} in test", train.value, test.value),
    })
}

/// Categories of enough rows on both sides, then all others together if they are enough.
fn kept(cells: &[[u64; 4]]) -> Vec<(Option<u32>, [u64; 4])> {
    let is_enough = |cell: &[u64; 4]| (cell[0] + cell[1]).min(cell[2] + cell[3]) >= MIN_CATEGORY;
    let mut pooled = [0_u64; 4];
    let mut kept: Vec<(Option<u32>, [u64; 4])> = Vec::new();
    for (code, cell) in (0_u32..).zip(cells) {
        if is_enough(cell) {
            kept.push((Some(code), *cell));
        } else {
            for (sum, n) in pooled.iter_mut().zip(cell) {
                *sum += n;
            }
        }
    }
    if is_enough(&pooled) {
        kept.push((None, pooled));
    }
    kept
}

/// Whether target and table go together alike in every category.
fn woolf(
    table: &Table<'_>,
    column: &Beside,
    codes: [&[u32]; 2],
    truths: &[Truths; 2],
    min_rows: usize,
) -> Option<Change> {
    let n_codes = column.n_codes;
    // Per category: positives and negatives in train and test.
    let mut cells = vec![[0_u64; 4]; n_codes + 1];
    for side in 0..2 {
        for (code, truth) in codes[side].iter().zip(&truths[side]) {
            if let (Some(truth), Some(cell)) = (
                truth,
                cells.get_mut(*code as usize).filter(|_| *code != MISSING),
            ) {
                cell[2 * side + usize::from(!truth)] += 1;
            }
        }
    }
    let kept = kept(&cells);
    let total = |at: usize| kept.iter().map(|(_, cell)| cell[at]).sum::<u64>() as f64;
    let (n_train, n_test) = (total(0) + total(1), total(2) + total(3));
    let is_varied = (0..4).all(|at| total(at) >= 10.0);
    if kept.len() < 2 || n_train.min(n_test) < min_rows as f64 || !is_varied {
        return None;
    }
    let ratios: Vec<(f64, f64)> = kept
        .iter()
        .map(|(_, cell)| {
            let [a, b, c, d] = cell.map(|n| n as f64 + 0.5);
            (
                (c * b / (d * a)).ln(),
                1.0 / (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d),
            )
        })
        .collect();
    let weights: f64 = ratios.iter().map(|ratio| ratio.1).sum();
    let mean = ratios.iter().map(|ratio| ratio.0 * ratio.1).sum::<f64>() / weights;
    let statistic: f64 = ratios
        .iter()
        .map(|ratio| ratio.1 * (ratio.0 - mean).powi(2))
        .sum();
    let overall = total(2) / n_test - total(0) / n_train;
    let share = |cell: &[u64; 4], side: usize| {
        cell[2 * side] as f64 / (cell[2 * side] + cell[2 * side + 1]) as f64
    };
    let beyond = |cell: &[u64; 4]| share(cell, 1) - share(cell, 0) - overall;
    // The category that weighs most in the statistic is the one to name.
    let worst = (0..kept.len()).max_by(|&x, &y| {
        let weight = |at: usize| ratios[at].1 * (ratios[at].0 - mean).powi(2);
        weight(x).total_cmp(&weight(y))
    })?;
    let (code, cell) = &kept[worst];
    let title = code.map_or("the rare values".to_owned(), |code| {
        format!("'{}'", value_of(table, &column.name, codes[0], code))
    });
    Some(Change {
        name: column.name.clone(),
        p_value: chi_square_sf(statistic, kept.len() as f64 - 1.0),
        size: beyond(cell),
        interval: None,
        n: interlock_stats::order::index_below(n_test),
        words: format!(
            "for {title} the class is {} of train and {} of test",
            percent(share(cell, 0)),
            percent(share(cell, 1))
        ),
    })
}

fn of_numbers(column: &Beside, target: [&[f64]; 2], min_rows: usize) -> Option<Change> {
    let [Cells::Numbers(train), Cells::Numbers(test)] = &column.tables[..] else {
        return None;
    };
    let correlation = |values: &[f64], target: &[f64]| -> Option<(f64, usize)> {
        let known = values
            .iter()
            .zip(target)
            .filter(|(x, y)| !x.is_nan() && !y.is_nan());
        let (x, y): (Vec<f64>, Vec<f64>) = known.unzip();
        let (x, y) = (ranks(&x), ranks(&y));
        let center = f64::midpoint(x.len() as f64, 1.0);
        let sum = |a: &[f64], b: &[f64]| {
            a.iter()
                .zip(b)
                .map(|(a, b)| (a - center) * (b - center))
                .sum::<f64>()
        };
        let r = sum(&x, &y) / (sum(&x, &x) * sum(&y, &y)).sqrt();
        (r.is_finite() && x.len() >= min_rows.max(4)).then_some((r.clamp(-1.0, 1.0), x.len()))
    };
    let ((a, n), (b, m)) = (
        correlation(train, target[0])?,
        correlation(test, target[1])?,
    );
    // A perfect correlation has no finite transform.
    let bounded = |r: f64| r.clamp(-1.0 + 1e-12, 1.0 - 1e-12);
    let variance = |r: f64, n: usize| (1.0 + r * r / 2.0) / (n as f64 - 3.0);
    let error = (variance(a, n) + variance(b, m)).sqrt();
    Some(Change {
        name: column.name.clone(),
        p_value: two_sided((bounded(b).atanh() - bounded(a).atanh()) / error),
        size: b - a,
        interval: None,
        n: m,
        words: format!("Spearman's correlation {a:.3} in train, {b:.3} in test"),
    })
}

fn say(report: &mut Report, bars: &mut Vec<Bar>, change: &Change, how: (f64, &Settings)) {
    let (p, settings) = how;
    let is_odd = p < settings.alpha && change.size.abs() >= settings.min_change;
    let mut metric = Metric::new("association_change", change.size, change.n as u64)
        .title("Change of what the input says about the target")
        .column(&change.name);
    let mut bar = Bar::new(&change.name, change.size);
    if let Some((low, high)) = change.interval {
        metric = metric.interval(low, high, LEVEL, "DeLong, difference");
        bar.interval = Some((low, high));
    }
    report.metrics.push(metric);
    report.metrics.push(
        Metric::new("p_value", p, change.n as u64)
            .title("Corrected p-value")
            .column(&change.name),
    );
    bar.is_flagged = is_odd;
    bars.push(bar);
    if is_odd {
        let title = format!(
            "input '{}' goes with the target differently in test: {} ({})",
            change.name,
            change.words,
            p_value(p)
        );
        report.find(
            Finding::new("DQ094", Severity::Warning, title)
                .because("What the model learned from this input does not hold in the test table.")
                .advice("Find out what changed between the tables: how the input is collected, how the target is defined, or the world. Train on rows of the newer kind.")
                .column(&change.name)
                .evidence("changes"),
        );
    }
}
