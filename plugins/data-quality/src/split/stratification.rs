//! The check `data-quality.stratification`.
//!
//! In: target and sensitive columns of the training and the test table. Out: those whose shares are
//! not what a random split gives.

use interlock_plugin_api::{
    Bar, CheckError, ColumnKind, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    Table, Task, check,
};
use interlock_report::report::{Report, bars_view};
use interlock_report::settings::{check_open_share, check_share};
use interlock_report::words::{names, p_value, percent};
use interlock_stats::contingency::{SMALL_EXPECTED, chi_square};
use interlock_stats::multiplicity::holm;
use interlock_stats::noncentral::noncentrality_interval;
use interlock_stats::order::sorted;
use interlock_stats::proportion::{Bounds, newcombe};
use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};
use serde::{Deserialize, Serialize};

use crate::split::chance::fisher;
use crate::split::others::LEVEL;
use crate::split::sides::{Beside, Cells, beside, counts, value_of};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Corrected p-value, between 0 and 1, below which a difference is no chance.
    alpha: f64,
    /// Cramér's V, or Kolmogorov–Smirnov distance, of the target above which the check fails, 0 to 1.
    fail_target_above: f64,
    /// Largest change of a value's share, or Kolmogorov–Smirnov distance, 0 to 1, below which a
    /// difference is not worth a warning however sure it is.
    min_difference: f64,
    /// Values a column needs in each table to be looked at.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            fail_target_above: 0.15,
            min_difference: 0.02,
            min_rows: 20,
        }
    }
}

/// How one column differs between the tables.
struct Difference {
    name: String,
    p_value: f64,
    size: f64,
    /// Largest change of a share, 0 to 1.
    change: f64,
    bounds: Bounds,
    method: &'static str,
    n: u64,
    /// What differs most, in words, and its test rows.
    most: String,
    rows: Vec<usize>,
}

#[check(
    id = "data-quality.stratification",
    title = "Shares of target and groups",
    stage = "data-quality",
    needs(train, test, target?, sensitive?),
    codes(
        DQ093 = "the target differs between train and test",
        DQ096 = "a group's share is not what a random split gives"
    ),
    cost = "quick",
    docs = "stratification.md"
)]
pub(crate) fn stratification(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_open_share("alpha", settings.alpha)?;
    check_share("fail_target_above", settings.fail_target_above)?;
    check_share("min_difference", settings.min_difference)?;
    let facts = ctx.facts();
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let target = facts.target.as_deref();
    let mut wanted: Vec<(&str, bool)> = Vec::new();
    wanted.extend(target.map(|name| (name, facts.task == Task::Regression)));
    let groups = facts
        .sensitive()
        .filter(|column| Some(column.name.as_str()) != target);
    wanted.extend(groups.map(|column| (column.name.as_str(), column.kind == ColumnKind::Numeric)));
    if wanted.is_empty() {
        return Err(CheckError::missing_input(
            "the project names neither target nor sensitive column",
        ));
    }
    let mut report = Report::default();
    let mut found = Vec::new();
    for (name, as_numbers) in wanted {
        let column = beside(&tables, name, as_numbers)?;
        match column.and_then(|column| difference(&tables, &column, settings.min_rows)) {
            Some(difference) => found.push(difference),
            None => report.note(format!(
                "'{name}' does not have {} values of one type in both tables.",
                settings.min_rows
            )),
        }
    }
    let p_values: Vec<f64> = found.iter().map(|found| found.p_value).collect();
    let corrected = holm(&p_values).map_err(|error| CheckError::failed(error.to_string()))?;
    let mut bars = Vec::new();
    for (difference, p) in found.iter().zip(corrected) {
        say(
            &mut report,
            &mut bars,
            difference,
            (p, Some(difference.name.as_str()) == target, &settings),
        );
    }
    let view = bars_view(
        "shares",
        "How much the tables differ",
        "Cramér's V for categories, Kolmogorov–Smirnov distance for numbers; a marked bar is no chance.",
    );
    report.bars(view, bars, "size of the difference, 0 to 1", None);
    Ok(report.outcome(if found.is_empty() {
        Err(format!(
            "no target or sensitive column with {} values in both tables",
            settings.min_rows
        ))
    } else {
        Ok(format!(
            "{} as a random split gives them",
            names(found.iter().map(|found| found.name.as_str()))
        ))
    }))
}

fn difference(tables: &[Table<'_>; 2], column: &Beside, min_rows: usize) -> Option<Difference> {
    match &column.tables[..] {
        [Cells::Numbers(train), Cells::Numbers(test)] => {
            numbers(&column.name, train, test, min_rows)
        }
        [Cells::Codes(train), Cells::Codes(test)] => {
            categories(tables, column, (train, test), min_rows)
        }
        _ => None,
    }
}

fn numbers(name: &str, train: &[f64], test: &[f64], min_rows: usize) -> Option<Difference> {
    let (a, b) = (sorted(train), sorted(test));
    if a.len() < min_rows || b.len() < min_rows {
        return None;
    }
    let found = kolmogorov_smirnov(&a, &b, PValueMethod::Asymptotic).ok()?;
    // Each side strays by no more than this with 97.5 % confidence, whatever the distribution.
    let stray = |n: usize| ((2.0_f64 / 0.025).ln() / (2.0 * n as f64)).sqrt();
    let half = stray(a.len()) + stray(b.len());
    let at = found.location;
    let share =
        |values: &[f64]| values.partition_point(|value| *value <= at) as f64 / values.len() as f64;
    Some(Difference {
        name: name.to_owned(),
        p_value: found.p_value,
        size: found.statistic,
        change: found.statistic,
        bounds: Bounds {
            low: (found.statistic - half).max(0.0),
            high: (found.statistic + half).min(1.0),
        },
        method: "Massart",
        n: b.len() as u64,
        most: format!(
            "{} are up to {at} in train, {} in test",
            percent(share(&a)),
            percent(share(&b))
        ),
        rows: (0..test.len()).filter(|&row| test[row] <= at).collect(),
    })
}

fn categories(
    tables: &[Table<'_>; 2],
    column: &Beside,
    codes: (&[u32], &[u32]),
    min_rows: usize,
) -> Option<Difference> {
    let (a, b) = (
        counts(codes.0, column.n_codes),
        counts(codes.1, column.n_codes),
    );
    let (n, m): (u64, u64) = (a.iter().sum(), b.iter().sum());
    if n < min_rows as u64 || m < min_rows as u64 {
        return None;
    }
    let used: Vec<usize> = (0..column.n_codes)
        .filter(|&code| a[code] + b[code] > 0)
        .collect();
    let smaller = n.min(m) as f64 / (n + m) as f64;
    let is_rare =
        |code: usize| used.len() > 2 && ((a[code] + b[code]) as f64) * smaller < SMALL_EXPECTED;
    let mut table = [Vec::new(), Vec::new()];
    let mut pooled = (0, 0);
    for &code in &used {
        if is_rare(code) {
            pooled = (pooled.0 + a[code], pooled.1 + b[code]);
        } else {
            table[0].push(a[code]);
            table[1].push(b[code]);
        }
    }
    if pooled.0 + pooled.1 > 0 {
        table[0].push(pooled.0);
        table[1].push(pooled.1);
    }
    let n_columns = table[0].len();
    let test = chi_square(&table.concat(), n_columns).ok()?;
    let exact = (n_columns == 2).then(|| fisher((table[0][0], n), (table[1][0], m)));
    let size = |noncentrality: f64| (noncentrality / (n + m) as f64).sqrt().min(1.0);
    let bounds = noncentrality_interval(test.statistic, test.degrees_of_freedom, LEVEL);
    let (low, high) = bounds.map_or((0.0, 1.0), |b| (size(b.low), size(b.high)));
    let change = |code: usize| b[code] as f64 / m as f64 - a[code] as f64 / n as f64;
    let most = used
        .iter()
        .copied()
        .max_by(|&x, &y| change(x).abs().total_cmp(&change(y).abs()))?;
    let own = u32::try_from(most).ok()?;
    let side = usize::from(a[most] == 0);
    let value = value_of(&tables[side], &column.name, [codes.0, codes.1][side], own);
    let interval = newcombe((b[most], m), (a[most], n), LEVEL).ok()?;
    Some(Difference {
        name: column.name.clone(),
        p_value: exact.unwrap_or(test.p_value),
        size: test.cramers_v,
        change: change(most).abs(),
        bounds: Bounds {
            low: low.min(test.cramers_v),
            high: high.max(test.cramers_v),
        },
        method: "noncentral chi-square",
        n: m,
        most: format!(
            "'{value}' is {} of train and {} of test, a change of {:+.1} to {:+.1} points",
            percent(a[most] as f64 / n as f64),
            percent(b[most] as f64 / m as f64),
            100.0 * interval.low,
            100.0 * interval.high
        ),
        rows: (0..codes.1.len())
            .filter(|&row| codes.1[row] == own)
            .collect(),
    })
}

fn say(report: &mut Report, bars: &mut Vec<Bar>, found: &Difference, how: (f64, bool, &Settings)) {
    let (p, is_target, settings) = how;
    let is_sure = p < settings.alpha;
    let is_odd = is_sure && found.change >= settings.min_difference;
    let (name, bounds) = (&found.name, found.bounds);
    if is_sure && !is_odd {
        report.note(format!(
            "'{name}' differs by no chance ({}), but by less than {}.",
            p_value(p),
            percent(settings.min_difference)
        ));
    }
    report.metrics.push(
        Metric::new("difference", found.size, found.n)
            .title("Size of the difference")
            .column(name)
            .at_most(None, is_target.then_some(settings.fail_target_above))
            .interval(bounds.low, bounds.high, LEVEL, found.method),
    );
    report.metrics.push(
        Metric::new("p_value", p, found.n)
            .title("Corrected p-value")
            .column(name),
    );
    let mut bar = Bar::new(name, found.size);
    bar.interval = Some((bounds.low, bounds.high));
    bar.is_flagged = is_odd;
    if is_odd {
        bar.rows = Some(Rows::new(Role::Test, found.rows.iter().copied()));
        let fails = is_target && bounds.low > settings.fail_target_above;
        let (code, what) = if is_target {
            ("DQ093", "the target")
        } else {
            ("DQ096", "column")
        };
        let title = format!(
            "{what} '{name}' differs between train and test: {} ({})",
            found.most,
            p_value(p)
        );
        report.find(
            Finding::new(code, if fails { Severity::Error } else { Severity::Warning }, title)
                .because("A random split does not give such shares: what is measured on the test table holds for another population than the one trained on.")
                .advice(format!("Split again, stratified by '{name}' (train_test_split(stratify=…) in scikit-learn). If the tables differ on purpose, by time or place, read scores with that in mind."))
                .column(name)
                .rows(Rows::new(Role::Test, found.rows.iter().copied()))
                .evidence("shares"),
        );
    }
    bars.push(bar);
}
