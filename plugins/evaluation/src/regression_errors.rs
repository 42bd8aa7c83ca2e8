//! The check `evaluation.regression-errors`.
//!
//! In: the test rows, the numbers the model predicts. Out: whether errors lean to one side, lie far
//! out, or could have been foreseen from the prediction or a column.

use interlock_plugin_api::{CheckError, Context, Outcome, Params, Role, check};
use interlock_stats::proportion::two_sided_quantile;
use serde::{Deserialize, Serialize};

use crate::dependence::{Explained, explained, folds};
use crate::error_report::{Limits, Report, Source};
use crate::error_shape::{Deciles, shape};
use crate::inputs::Inputs;
use crate::subject::{Answers, Subject};
use crate::wording::{LEVEL, check_count, check_range, failed, inconclusive};

/// Rows in which some value of a text must stand, else the text is left out.
const MIN_TEXT_ROWS: usize = 20;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Mean error relative to the RMSE, 0 to 1, beyond which (either way, with the whole interval)
    /// the check warns.
    warn_bias: f64,
    /// Share of errors far out, 0 to 1 (beyond six robust standard deviations from the median),
    /// above which, with the whole interval, the check warns.
    warn_far: f64,
    /// Share of the squared error, 0 to 1, that the prediction or a column explains, above which,
    /// with the whole interval, the check warns.
    warn_explained: f64,
    /// How many times as wide errors may lie at the highest tenth of predictions as at the lowest,
    /// or the other way round, 1 or more; beyond, with the whole interval, the check warns.
    warn_spread: f64,
    /// Test rows below which nothing is judged, 30 or more.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_bias: 0.1,
            warn_far: 0.02,
            warn_explained: 0.05,
            warn_spread: 5.0,
            min_rows: 50,
        }
    }
}

#[check(
    id = "evaluation.regression-errors",
    title = "Regression errors",
    stage = "robustness",
    needs(test, model, target),
    codes(
        DQ129 = "predictions are too high or too low on the whole",
        DQ130 = "errors lie far out or askew",
        DQ131 = "errors depend on the prediction or a column"
    ),
    cost = "quick",
    docs = "regression_errors.md"
)]
pub(crate) fn regression_errors(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("warn_bias", settings.warn_bias, 0.0, 1.0)?;
    check_range("warn_far", settings.warn_far, 0.0, 1.0)?;
    check_range("warn_explained", settings.warn_explained, 0.0, 1.0)?;
    check_range("warn_spread", settings.warn_spread, 1.0, f64::MAX)?;
    check_count("min_rows", settings.min_rows, 30, usize::MAX)?;
    let subject = Subject::of(ctx, Role::Test)?;
    let Answers::Numbers { truth, predicted } = &subject.answers else {
        return Err(CheckError::missing_input(
            "a classification has no errors of numbers",
        ));
    };
    let n_rows = subject.n_rows();
    if n_rows < settings.min_rows {
        let summary = format!(
            "{n_rows} test rows are too few to judge errors; {} would do",
            settings.min_rows
        );
        return Ok(inconclusive(summary, &subject.notes));
    }
    let errors: Vec<f64> = predicted.iter().zip(truth).map(|(p, t)| p - t).collect();
    let Some(shape) = shape(&errors, LEVEL).map_err(failed)? else {
        return Ok(inconclusive(
            format!("all {n_rows} errors are equal, or too large for a number"),
            &subject.notes,
        ));
    };
    let deciles = Deciles::of(predicted, &errors, LEVEL).map_err(failed)?;
    let table = ctx.table(Role::Test)?;
    let mut inputs = Inputs::of(ctx, &table, &subject, MIN_TEXT_ROWS)?;
    let mut notes = subject.notes.clone();
    notes.append(&mut inputs.notes);
    ctx.progress(0.5, "looking at columns");
    let n_asked = inputs.searched.len() + 1;
    // Bonferroni: what the prediction and all columns explain holds together.
    let level = 1.0 - (1.0 - LEVEL) / n_asked as f64;
    let z = two_sided_quantile(level).map_err(failed)?;
    let parts = folds(n_rows, ctx.seed());
    let ask = |bins: &[usize]| explained(&errors, bins, &parts, z);
    let mut sources: Vec<(Source, Explained)> = Vec::new();
    sources.extend(ask(&deciles.places).map(|found| (Source::Prediction, found)));
    for (at, input) in inputs.binned.iter().enumerate() {
        sources.extend(ask(&input.bins).map(|found| (Source::Column(at), found)));
    }
    sources.sort_by(|a, b| b.1.value.total_cmp(&a.1.value));
    notes.push(format!(
        "What the prediction and {} columns explain is measured on rows that did not give the means (five parts); intervals hold together (Bonferroni, each at {:.2} %).",
        n_asked - 1,
        level * 100.0
    ));
    notes.push("Errors are prediction minus target, in the target's unit. Predicted against true: see evaluation.performance.".to_owned());
    let report = Report {
        limits: Limits {
            bias: settings.warn_bias,
            far: settings.warn_far,
            explained: settings.warn_explained,
            spread: settings.warn_spread,
        },
        subject: &subject,
        errors: &errors,
        predicted,
        shape: &shape,
        deciles: &deciles,
        inputs: &inputs,
        sources: &sources,
        level,
    };
    let mut outcome = report.outcome();
    outcome.notes = notes;
    Ok(outcome)
}
