//! The check `data-quality.domain-classifier`.
//!
//! In: the inputs of the training and the test table. Out: how well a classifier tells the two apart,
//! and by which inputs.

use interlock_plugin_api::{
    Bar, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, check,
};
use interlock_stats::auc::delong;
use interlock_stats::proportion::two_sided_quantile;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::split::boosting::{Features, held_out};
use crate::split::report::{LEVEL, Report, bars_view};
use crate::split::scores::{binned_codes, binned_numbers};
use crate::split::sides::{Beside, Cells, Want, absent_note, inputs};
use crate::wording::{self, counted, names, percent};

/// Parts of the cross-validation; bins of numbers and categories.
const N_PARTS: usize = 3;
const MAX_BINS: usize = 16;
const MAX_VALUES: usize = 32;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Domain score, 0 to 1, from which the check warns.
    warn_above: f64,
    /// Domain score, 0 to 1, from which the check fails.
    fail_above: f64,
    /// Rows drawn of each table at most.
    max_rows: usize,
    /// Rows each table needs.
    min_rows: usize,
    /// Inputs to leave out.
    leave_out: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.25,
            fail_above: 1.0,
            max_rows: 5_000,
            min_rows: 100,
            leave_out: Vec::new(),
        }
    }
}

#[check(
    id = "data-quality.domain-classifier",
    title = "Can train and test be told apart?",
    stage = "data-quality",
    needs(train, test, target?),
    codes(DQ095 = "a classifier tells training rows from test rows"),
    cost = "moderate",
    docs = "domain.md"
)]
pub(crate) fn domain_classifier(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_above", settings.warn_above)?;
    wording::check_share("fail_above", settings.fail_above)?;
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let (n_train, n_test) = (tables[0].n_rows(), tables[1].n_rows());
    let mut report = Report::default();
    if n_train.min(n_test) < settings.min_rows.max(2 * N_PARTS) {
        return Ok(report.outcome(Err(format!(
            "{} and {} are too few to tell tables apart; {} of each would do",
            counted(n_train, "training row"),
            counted(n_test, "test row"),
            settings.min_rows.max(2 * N_PARTS)
        ))));
    }
    let mut columns = inputs(ctx.facts(), &tables, Want::All)?;
    columns.retain(|column| !settings.leave_out.contains(&column.name));
    report.notes.extend(absent_note(&columns, 1, "test"));
    columns.retain(|column| !matches!(column.tables[1], Cells::Absent));
    if columns.is_empty() {
        return Ok(report.outcome(Err("no input is in both tables in the same type".to_owned())));
    }
    ctx.progress(0.2, "growing trees");
    let mut rng = Rng::new(ctx.seed());
    let rows = [
        rng.sample_sorted(n_train, settings.max_rows),
        rng.sample_sorted(n_test, settings.max_rows),
    ];
    if rows[0].len() < n_train || rows[1].len() < n_test {
        report.note(format!(
            "{} of {n_train} training rows and {} of {n_test} test rows, drawn by the seed.",
            rows[0].len(),
            rows[1].len()
        ));
    }
    let features = features(&columns, &rows);
    let truth: Vec<bool> = (0..rows[0].len() + rows[1].len())
        .map(|at| at >= rows[0].len())
        .collect();
    let mut parts: Vec<usize> = [rows[0].len(), rows[1].len()]
        .iter()
        .flat_map(|n| (0..*n).map(|at| at % N_PARTS))
        .collect();
    let (first, second) = parts.split_at_mut(rows[0].len());
    rng.shuffle(first);
    rng.shuffle(second);
    let held = held_out(&features, &truth, &parts, N_PARTS);
    let Some((area, error)) = area(&held.scores, &truth, &parts) else {
        return Ok(report.outcome(Err("too few rows to tell tables apart".to_owned())));
    };
    let half =
        two_sided_quantile(LEVEL).map_err(|error| CheckError::failed(error.to_string()))? * error;
    let like_test = most_like_test(&held.scores, &rows);
    let score = say(
        &mut report,
        (area, half, rows[0].len() + rows[1].len()),
        (&columns, &held.gains),
        (like_test, &settings),
    );
    Ok(report.outcome(Ok(format!(
        "train and test can hardly be told apart: domain score {score:.3} (AUC {area:.3})"
    ))))
}

fn features(columns: &[Beside], rows: &[Vec<usize>; 2]) -> Features {
    let mut features = Features {
        bins: Vec::new(),
        n_bins: Vec::new(),
    };
    for column in columns {
        let binned = match &column.tables[..] {
            [Cells::Numbers(train), Cells::Numbers(test)] => {
                let pick = |values: &[f64], rows: &[usize]| -> Vec<f64> {
                    rows.iter().map(|&row| values[row]).collect()
                };
                binned_numbers(&pick(train, &rows[0]), &pick(test, &rows[1]), MAX_BINS)
            }
            [Cells::Codes(train), Cells::Codes(test)] => {
                let pick = |codes: &[u32], rows: &[usize]| -> Vec<u32> {
                    rows.iter().map(|&row| codes[row]).collect()
                };
                binned_codes(
                    &pick(train, &rows[0]),
                    &pick(test, &rows[1]),
                    column.n_codes,
                    MAX_VALUES,
                )
            }
            _ => continue,
        };
        features.n_bins.push(binned.n_bins);
        features
            .bins
            .push(binned.train.into_iter().chain(binned.other).collect());
    }
    features
}

/// Mean area over the parts, and its standard error. Scores of different parts come from different
/// trees and are not compared.
fn area(scores: &[f64], truth: &[bool], parts: &[usize]) -> Option<(f64, f64)> {
    let (mut sum, mut variance) = (0.0, 0.0);
    for part in 0..N_PARTS {
        let of_part = (0..scores.len()).filter(|&row| parts[row] == part);
        let (own, truths): (Vec<f64>, Vec<bool>) =
            of_part.map(|row| (scores[row], truth[row])).unzip();
        let auc = delong(&own, &truths, LEVEL).ok()?;
        sum += auc.value;
        variance += auc.standard_error.powi(2);
    }
    let n = N_PARTS as f64;
    Some((sum / n, variance.sqrt() / n))
}

/// Test rows that look least like training rows, ascending by row: the tenth with the highest score.
fn most_like_test(scores: &[f64], rows: &[Vec<usize>; 2]) -> Vec<usize> {
    let own = &scores[rows[0].len()..];
    let mut order: Vec<usize> = (0..own.len()).collect();
    order.sort_by(|&a, &b| own[b].total_cmp(&own[a]).then(a.cmp(&b)));
    let mut found: Vec<usize> = order
        .into_iter()
        .take(own.len().div_ceil(10))
        .map(|at| rows[1][at])
        .collect();
    found.sort_unstable();
    found
}

fn say(
    report: &mut Report,
    figures: (f64, f64, usize),
    by: (&[Beside], &[f64]),
    how: (Vec<usize>, &Settings),
) -> f64 {
    let ((area, half, n), (columns, gains), (like_test, settings)) = (figures, by, how);
    let to_score = |area: f64| (2.0 * (area - 0.5)).clamp(0.0, 1.0);
    let (score, low, high) = (to_score(area), to_score(area - half), to_score(area + half));
    report.metrics.push(
        Metric::new("domain_score", score, n as u64)
            .title("Domain score")
            .interval(low, high, LEVEL, "DeLong")
            .at_most(
                Some(settings.warn_above),
                (settings.fail_above < 1.0).then_some(settings.fail_above),
            ),
    );
    report.metrics.push(
        Metric::new("domain_auc", area, n as u64)
            .title("AUC of telling test from training rows")
            .interval(
                (area - half).max(0.0),
                (area + half).min(1.0),
                LEVEL,
                "DeLong",
            ),
    );
    let total: f64 = gains.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
    let bars = order
        .iter()
        .map(|&at| Bar::new(&columns[at].name, gains[at] / total))
        .collect();
    report.bars(
        bars_view(
            "gains",
            "What tells the tables apart",
            "Share of the gain of all trees; it means little while the domain score is low.",
        ),
        bars,
        "share of gain",
        None,
    );
    if score >= settings.warn_above && area - half > 0.5 {
        let told = order.iter().take(3).filter(|&&at| gains[at] / total >= 0.1);
        let list = names(told.map(|&at| columns[at].name.as_str()));
        let severity = if score >= settings.fail_above && settings.fail_above < 1.0 {
            Severity::Error
        } else {
            Severity::Warning
        };
        let title = format!(
            "training and test rows can be told apart: domain score {score:.2} (AUC {area:.3}), mostly by {list}"
        );
        let mut finding = Finding::new("DQ095", severity, title)
            .because(format!("Of a training and a test row, the classifier names the right one in {} of cases. The test score holds for other rows than those trained on.", percent(area)))
            .advice("Look at these inputs in both tables. If the tables differ by time or place, say so; if they were meant to be alike, split again at random.")
            .rows(Rows::new(Role::Test, like_test))
            .evidence("gains");
        for &at in order.iter().take(3).filter(|&&at| gains[at] / total >= 0.1) {
            finding = finding.column(&columns[at].name);
        }
        report.find(finding);
    }
    score
}
