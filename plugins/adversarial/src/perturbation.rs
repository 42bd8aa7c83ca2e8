//! The check `adversarial.perturbation`: how many decisions does a small, plausible change turn?
//!
//! In: the rows and the model. Out: the share of decisions turned within a budget, how far each was
//! from turning, and the changes themselves, to be judged by people.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Rows,
    Severity, TableRow, Task, Verdict, View, check,
};
use interlock_stats::order::{quantile_sorted, sorted};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::flip::{Budget, Flip, search};
use crate::subject::{Subject, shown};

/// Confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Rows below which nothing can be said.
const MIN_ROWS: usize = 30;

/// Changes shown as examples, the smallest first.
const MAX_EXAMPLES: usize = 100;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Total change a row may undergo, in standard deviations summed over inputs; a change of category counts 1.
    pub budget: f64,
    /// Inputs of a row that may change.
    pub max_inputs: usize,
    /// Length of one step of a number, in standard deviations.
    pub step: f64,
    /// Share of decisions turned above which the check warns, 0 to 1.
    pub warn_above: f64,
    /// Share of decisions turned above which the check fails, 0 to 1.
    pub fail_above: f64,
    /// For a model that predicts a number: a prediction counts as turned when it moves by more than this share of the predictions' standard deviation.
    pub regression_shift: f64,
    /// Rows looked at, at most; beyond, a random sample.
    pub max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            budget: 0.5,
            max_inputs: 2,
            step: 0.1,
            warn_above: 0.2,
            fail_above: 0.5,
            regression_shift: 0.5,
            max_rows: 200,
        }
    }
}

/// The check; `#[check]` makes of it the constant that the module lists.
///
/// # Errors
/// Without table, model or target; if the model refuses the rows; if a setting makes no sense.
#[check(
    id = "adversarial.perturbation",
    title = "Small changes of single rows",
    stage = "robustness",
    needs(train?, test?, model, target),
    codes(
        AD011 = "small changes turn many decisions",
        AD012 = "one input turns most of them"
    ),
    cost = "heavy",
    cadence_days = 30,
    docs = "perturbation.md"
)]
pub fn perturbation(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    checked(&settings)?;
    let subject = Subject::new(ctx, settings.max_rows)?;
    let n = subject.rows.len();
    if n < MIN_ROWS || subject.free_columns().is_empty() {
        let summary = if n < MIN_ROWS {
            format!("{n} rows with a known target are too few; {MIN_ROWS} would do")
        } else {
            "no input of the model may change".to_owned()
        };
        let mut outcome = Outcome::new(Verdict::Inconclusive, summary);
        outcome.notes = subject.notes;
        return Ok(outcome);
    }
    ctx.progress(f64::NAN, "looking for small changes that turn decisions");
    let predict = |features: &_| subject.model.predict(features);
    let clean = predict(&subject.features)?;
    let (task, threshold) = (subject.model.task(), subject.model.facts().threshold);
    let decided: Vec<usize> = (0..n).map(|row| clean.class(row, threshold)).collect();
    let shift = settings.regression_shift
        * interlock_stats::moments::standard_deviation(&clean.values).unwrap_or(0.0);
    let margin = |row: usize, output: &[f64]| match (task, output) {
        // Below 0 once the prediction has moved further than accepted.
        (Task::Regression, [value, ..]) => shift - (value - clean.row(row)[0]).abs(),
        (_, [probability]) if decided[row] == 1 => probability - threshold + f64::EPSILON,
        (_, [probability]) => threshold - probability,
        (_, probabilities) => {
            let own = probabilities.get(decided[row]).copied().unwrap_or(0.0);
            let others = probabilities
                .iter()
                .enumerate()
                .filter(|(class, _)| *class != decided[row]);
            own - others.map(|(_, p)| *p).fold(f64::NEG_INFINITY, f64::max) + f64::EPSILON
        }
    };
    let flips = search(
        &subject.features,
        &subject.freedoms,
        (&predict, &margin),
        Budget {
            distance: settings.budget,
            n_inputs: settings.max_inputs.max(1),
            step: settings.step,
        },
    )?;
    if ctx.is_cancelled() {
        return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
    }
    outcome(&subject, &flips, &settings)
}

fn checked(settings: &Settings) -> Result<(), CheckError> {
    let bad = |message: String| Err(CheckError::new(CheckErrorKind::BadParameter, message));
    for (name, value) in [
        ("budget", settings.budget),
        ("step", settings.step),
        ("regression_shift", settings.regression_shift),
    ] {
        if !(value > 0.0 && value <= 100.0) {
            return bad(format!("{name} is {value}; it is above 0 and at most 100"));
        }
    }
    if settings.budget / settings.step > 1000.0 {
        return bad("step is too small for the budget: more than 1000 steps".to_owned());
    }
    if settings.warn_above > settings.fail_above {
        return bad(format!(
            "warn_above {} is above fail_above {}",
            settings.warn_above, settings.fail_above
        ));
    }
    Ok(())
}

fn outcome(
    subject: &Subject<'_>,
    flips: &[Flip],
    settings: &Settings,
) -> Result<Outcome, CheckError> {
    let n = subject.rows.len();
    let share = flips.len() as f64 / n as f64;
    let bounds = wilson(flips.len() as u64, n as u64, LEVEL)
        .map_err(|error| CheckError::failed(error.to_string()))?;
    let verdict = if bounds.low > settings.fail_above {
        Verdict::Fail
    } else if share > settings.warn_above {
        Verdict::Warn
    } else if bounds.high > settings.fail_above {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    let (what, share_of) = if subject.model.task() == Task::Regression {
        (
            "predictions move noticeably",
            "Share of predictions that move noticeably",
        )
    } else {
        ("decisions turn", "Share of decisions that turn")
    };
    let summary = format!(
        "{} of {n} {what} within {} standard deviations",
        flips.len(),
        settings.budget
    );
    let mut outcome = Outcome::new(verdict, summary).metric(
        Metric::new("flip_rate", share, n as u64)
            .title(share_of)
            .unit("rate")
            .interval(bounds.low, bounds.high, LEVEL, "Wilson")
            .at_most(Some(settings.warn_above), Some(settings.fail_above)),
    );
    let distances: Vec<f64> = sorted(&flips.iter().map(|flip| flip.distance).collect::<Vec<_>>());
    if let Some(median) = quantile_sorted(&distances, 0.5) {
        outcome.metrics.push(
            Metric::new("median_distance", median, flips.len() as u64)
                .title("Median change that turns")
                .unit("standard deviations"),
        );
    }
    let by_input = by_input(subject, flips);
    outcome.findings = findings(subject, (flips, &by_input), verdict, settings);
    outcome.notes.clone_from(&subject.notes);
    outcome.notes.push(format!(
        "Greedy search in steps of {} standard deviations over at most {} inputs: a smaller change may exist, so the true share is at least the one shown.",
        settings.step,
        settings.max_inputs.max(1)
    ));
    let bars = by_input.into_iter().map(|(_, bar)| bar).collect();
    Ok(outcome
        .view(
            View::new(
                "inputs",
                "Inputs that turn decisions",
                Chart::Bars {
                    value_axis: "rows turned by changing it".to_owned(),
                    bars,
                    threshold: None,
                },
            )
            .caption("A bar opens the rows. A row turned by two inputs counts for both."),
        )
        .view(examples(subject, flips)))
}

/// How many rows each input helped to turn, most first.
fn by_input(subject: &Subject<'_>, flips: &[Flip]) -> Vec<(usize, Bar)> {
    let mut bars: Vec<(usize, Bar)> = subject
        .free_columns()
        .into_iter()
        .map(|input| {
            let rows: Vec<usize> = flips
                .iter()
                .filter(|flip| flip.changed.contains(&input))
                .map(|flip| flip.row)
                .collect();
            let name = subject.features.columns[input].name.clone();
            let mut bar = Bar::new(name, rows.len() as f64);
            bar.rows = (!rows.is_empty()).then(|| subject.table_rows(rows));
            (input, bar)
        })
        .collect();
    bars.sort_by(|a, b| b.1.value.total_cmp(&a.1.value));
    bars
}

fn findings(
    subject: &Subject<'_>,
    (flips, by_input): (&[Flip], &[(usize, Bar)]),
    verdict: Verdict,
    settings: &Settings,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if matches!(verdict, Verdict::Fail | Verdict::Warn) {
        let severity = if verdict == Verdict::Fail {
            Severity::Error
        } else {
            Severity::Warning
        };
        let title = format!(
            "{} of {} decisions turn when inputs change by {} standard deviations in all",
            flips.len(),
            subject.rows.len(),
            settings.budget
        );
        findings.push(
            Finding::new("AD011", severity, title)
                .because("So small a change can be an error of measurement, or made on purpose by whoever is judged.")
                .advice("Look at the examples: which of these changes would a person call the same case? Smooth the model where it matters, or send near cases to people.")
                .rows(subject.table_rows(flips.iter().map(|flip| flip.row)))
                .evidence("examples"),
        );
    }
    if let Some((_, first)) = by_input.first() {
        let is_most = flips.len() >= 10 && first.value > 0.5 * flips.len() as f64;
        if is_most && by_input.len() > 2 {
            let title = format!(
                "'{}' helps to turn {} of {} decisions",
                first.label,
                first.value,
                flips.len()
            );
            findings.push(
                Finding::new("AD012", Severity::Note, title)
                    .because("Whoever can change or misreport this input can steer the decision.")
                    .advice("Check how it is verified; mark it immutable in the project file if nobody can change it.")
                    .column(first.label.as_str())
                    .rows(first.rows.clone().unwrap_or_else(|| Rows::new(subject.role, [])))
                    .evidence("inputs"),
            );
        }
    }
    findings
}

/// The smallest changes, input by input: from, to.
fn examples(subject: &Subject<'_>, flips: &[Flip]) -> View {
    let mut order: Vec<&Flip> = flips.iter().collect();
    order.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
    let rows = order
        .into_iter()
        .take(MAX_EXAMPLES)
        .map(|flip| {
            let changes: Vec<String> = flip
                .changed
                .iter()
                .map(|&input| {
                    let column = &subject.features.columns[input];
                    format!(
                        "{}: {} → {}",
                        column.name,
                        shown(&column.values, flip.row),
                        shown(&flip.after.columns[input].values, 0)
                    )
                })
                .collect();
            let mut row = TableRow::new(vec![
                Cell::from(subject.rows[flip.row] as f64),
                Cell::from(flip.distance),
                Cell::from(changes.join(", ")),
            ]);
            row.rows = Some(subject.table_rows([flip.row]));
            row
        })
        .collect();
    View::new(
        "examples",
        "Smallest changes that turn a decision",
        Chart::Table {
            columns: vec!["row".to_owned(), "distance".to_owned(), "change".to_owned()],
            rows,
        },
    )
    .caption("Distance in standard deviations. A line opens its row.")
}
