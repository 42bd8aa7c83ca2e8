//! The check `data-quality.identifier-target`.
//!
//! In: the id, time and target columns of the training table. Out: whether an identifier, which can
//! only name a row, predicts the target.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Column, Context, Finding, MISSING, Metric, Outcome, Params, Role,
    Severity, View, check,
};
use interlock_stats::multiplicity::holm;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, failed, figure};
use crate::relations::inputs::{Cells, numbers, predicted_target, rows_looked_at, sample_note};
use crate::relations::predictive_power::{
    Power, Values, class_power, number_power, stratified_folds,
};
use crate::wording::{self, counted};

/// Folds of the cross-validation.
const N_FOLDS: u8 = 4;

/// Shuffles of the target that chance is judged by.
const N_SHUFFLES: usize = 199;

/// Rows looked at.
const MAX_ROWS: usize = 20_000;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Predictive power score, 0 to 1, above which an identifier that predicts beyond chance is
    /// reported.
    warn_above: f64,
    /// Corrected p-value up to which it is beyond chance, 0.005 to 0.5.
    alpha: f64,
    /// Rows with identifier and target below which nothing is said, at least 20.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.05,
            alpha: 0.03,
            min_rows: 100,
        }
    }
}

/// What one identifier tells.
struct Judged {
    name: String,
    n: usize,
    score: f64,
    p_value: f64,
}

#[check(
    id = "data-quality.identifier-target",
    title = "Identifier and target",
    stage = "data-quality",
    needs(train, target),
    codes(DQ062 = "an identifier predicts the target"),
    cost = "moderate",
    docs = "identifier_target.md"
)]
pub(crate) fn identifier_target(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_above", settings.warn_above)?;
    conclusion::check_range("alpha", settings.alpha, 0.005, 0.5)?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 20.0, 1e9)?;
    let table = ctx.table(Role::Train)?;
    let facts = ctx.facts();
    let rows = rows_looked_at(table.n_rows(), MAX_ROWS, ctx.seed());
    let known = predicted_target(ctx, &table, rows.as_deref())?;
    let (mut judged, mut n_identifiers) = (Vec::new(), 0);
    for name in [&facts.id, &facts.time].into_iter().flatten() {
        let column = table.column(name)?;
        n_identifiers += 1;
        let positions = positions(&column, rows.as_deref())?;
        judged.extend(judge(
            name,
            &positions,
            &known.cells,
            ctx.seed(),
            settings.min_rows,
        ));
    }
    if n_identifiers == 0 {
        return Err(CheckError::missing_input(
            "the project names neither an id nor a time column ([data] id, time)",
        ));
    }
    let p_values: Vec<f64> = judged.iter().map(|one| one.p_value).collect();
    for (one, p) in judged.iter_mut().zip(holm(&p_values).map_err(failed)?) {
        one.p_value = p;
    }
    let mut outcome = outcome(&judged, known.column.name(), &settings);
    outcome
        .notes
        .extend(sample_note(table.n_rows(), rows.as_deref()));
    Ok(outcome)
}

/// An identifier as numbers: text by its place in order, so that neighbors stay neighbors.
fn positions(column: &Column<'_>, rows: Option<&[usize]>) -> Result<Vec<f64>, CheckError> {
    if column.is_numeric() {
        return numbers(column, rows);
    }
    let strings = column.strings()?;
    let texts: Vec<Option<&str>> = match rows {
        Some(rows) => rows.iter().map(|&row| strings.get(row)).collect(),
        None => strings.iter().collect(),
    };
    let mut order: Vec<&str> = texts.iter().copied().flatten().collect();
    order.sort_unstable();
    order.dedup();
    let place = |text: &str| order.binary_search(&text).map_or(f64::NAN, |at| at as f64);
    Ok(texts
        .into_iter()
        .map(|text| text.map_or(f64::NAN, place))
        .collect())
}

fn judge(
    name: &str,
    positions: &[f64],
    target: &Cells,
    seed: u64,
    min_rows: usize,
) -> Option<Judged> {
    let is_known = |row: &usize| {
        positions[*row].is_finite()
            && match target {
                Cells::Codes(coded) => coded.codes[*row] != MISSING,
                Cells::Numbers(numbers) => numbers[*row].is_finite(),
            }
    };
    let rows: Vec<usize> = (0..positions.len()).filter(is_known).collect();
    if rows.len() < min_rows {
        return None;
    }
    let own: Vec<f64> = rows.iter().map(|&row| positions[row]).collect();
    let values = Values::of_numbers(&own);
    let mut rng = Rng::for_stream(seed, 1);
    let (observed, mut again): (Power, Box<dyn FnMut() -> Option<Power> + '_>) = match target {
        Cells::Codes(coded) => {
            let mut classes: Vec<u32> = rows.iter().map(|&row| coded.codes[row]).collect();
            let n_classes = coded.n_codes;
            let values = &values;
            let power = move |classes: &[u32]| {
                let folds = stratified_folds(classes, N_FOLDS, seed);
                class_power(values, (classes, n_classes), (&folds, N_FOLDS))
            };
            let observed = power(&classes)?;
            let again = move || {
                rng.shuffle(&mut classes);
                power(&classes)
            };
            (observed, Box::new(again))
        }
        Cells::Numbers(numbers) => {
            let mut numbers: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
            let folds = stratified_folds(&vec![0; rows.len()], N_FOLDS, seed);
            let observed = number_power(&values, &numbers, (&folds, N_FOLDS))?;
            let values = &values;
            let again = move || {
                rng.shuffle(&mut numbers);
                number_power(values, &numbers, (&folds, N_FOLDS))
            };
            (observed, Box::new(again))
        }
    };
    // The score is bounded by 0; the folds' mean is not, and tells chance results apart.
    let raw = |power: &Power| power.folds.iter().sum::<f64>() / power.folds.len() as f64;
    let at_least = (0..N_SHUFFLES)
        .filter_map(|_| again())
        .filter(|power| raw(power) >= raw(&observed))
        .count();
    Some(Judged {
        name: name.to_owned(),
        n: rows.len(),
        score: observed.score,
        p_value: (at_least + 1) as f64 / (N_SHUFFLES + 1) as f64,
    })
}

fn outcome(judged: &[Judged], target: &str, settings: &Settings) -> Outcome {
    let is_reported =
        |one: &Judged| one.score > settings.warn_above && one.p_value <= settings.alpha;
    let finding = |one: &Judged| {
        let title = format!(
            "identifier '{}' predicts the target '{target}': predictive power {}, p = {}",
            one.name,
            figure(one.score),
            figure(one.p_value)
        );
        Finding::new("DQ062", Severity::Warning, title)
            .because("A name of a row knows nothing of it. If neighbors share outcomes, rows were sorted, numbered or collected by outcome, or several rows belong together; a model that sees the identifier, or a split that ignores it, is misled.")
            .advice("Keep it from the model. Split by it or by time rather than at random, and find out how the numbers were given.")
            .column(&one.name)
            .evidence("power")
    };
    let findings = judged
        .iter()
        .filter(|one| is_reported(one))
        .map(finding)
        .collect();
    let otherwise = Otherwise {
        has_enough: !judged.is_empty(),
        sound: format!(
            "{} does not predict '{target}'",
            wording::names(judged.iter().map(|one| one.name.as_str()))
        ),
        undecided: format!(
            "fewer than {} with identifier and a target that varies; that many would do",
            counted(settings.min_rows, "row")
        ),
    };
    let mut outcome = conclusion::outcome(findings, otherwise);
    for one in judged {
        let mut power = Metric::new("predictive_power", one.score, one.n as u64)
            .title("Predictive power score")
            .column(&one.name);
        // Beyond the limit by chance: the limit does not apply, the p-value below says why.
        if one.score <= settings.warn_above || is_reported(one) {
            power = power.at_most(Some(settings.warn_above), None);
        }
        outcome = outcome.metric(power).metric(
            Metric::new("p_value", one.p_value, one.n as u64)
                .title("p-value")
                .column(&one.name),
        );
    }
    if judged.is_empty() {
        return outcome;
    }
    let bars = judged
        .iter()
        .map(|one| Bar {
            is_flagged: is_reported(one),
            ..Bar::new(&one.name, one.score)
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "predictive power score, 0 to 1".to_owned(),
        bars,
        threshold: Some(settings.warn_above),
    };
    outcome.view(View::new(
        "power",
        "What each identifier tells of the target",
        chart,
    ))
}
