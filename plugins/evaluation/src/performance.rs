//! The check `evaluation.performance`.
//!
//! In: the test rows, the model. Out: every usual figure with an interval, the curves, the
//! confusion with its rows; a verdict where an interval excludes a limit.

use interlock_plugin_api::{
    Chart, CheckError, CheckErrorKind, Context, Finding, Outcome, Params, Role, Severity, Verdict,
    View, check,
};
use serde::{Deserialize, Serialize};

use crate::estimate::{self, Estimate};
use crate::figures::{CLASS_FIGURES, Figure, NUMBER_FIGURES};
use crate::judge::{Standing, at_least, at_most};
use crate::ranking::Ranking;
use crate::resampling::Plan;
use crate::subject::{Answers, Classes, Subject};
use crate::views;
use crate::wording::{self, LEVEL, MIN_ROWS, check_count, check_range, inconclusive, number};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Area under the ROC curve, 0 to 1, below which the check warns if the whole interval lies
    /// below; for classification.
    warn_auc: f64,
    /// Area under the ROC curve, 0 to 1, below which the check fails if the whole interval lies
    /// below; for classification.
    fail_auc: f64,
    /// R², at most 1, below which the check warns if the whole interval lies below; for regression.
    warn_r2: f64,
    /// R², at most 1, below which the check fails if the whole interval lies below; for regression.
    fail_r2: f64,
    /// Further limits that fail, a figure's id and what is asked of it: `["accuracy >= 0.8",
    /// "log_loss <= 0.5"]`.
    limits: Vec<String>,
    /// Resamples of each bootstrap, 100 to 10000.
    resamples: usize,
    /// Rows below which a limit inside an interval leaves the verdict open.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_auc: 0.7,
            fail_auc: 0.6,
            warn_r2: 0.1,
            fail_r2: 0.0,
            limits: Vec::new(),
            resamples: 1000,
            min_rows: 200,
        }
    }
}

/// A figure held against a limit.
struct Limit<'e> {
    estimate: &'e Estimate,
    value: f64,
    severity: Severity,
}

#[check(
    id = "evaluation.performance",
    title = "Performance",
    stage = "robustness",
    needs(test, model, target),
    codes(DQ120 = "performance is below its limit"),
    cost = "moderate",
    docs = "performance.md"
)]
pub(crate) fn performance(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    checked(&settings)?;
    let subject = Subject::of(ctx, Role::Test)?;
    if subject.n_rows() < MIN_ROWS {
        let n = wording::counted(subject.n_rows(), "row");
        return Ok(inconclusive(
            format!("{n} with a known target; it takes at least {MIN_ROWS}"),
            &subject.notes,
        ));
    }
    let plan = Plan {
        seed: ctx.seed(),
        n_resamples: settings.resamples,
        level: LEVEL,
    };
    ctx.progress(0.1, "resampling");
    let all = estimate::all(&subject, &plan)?;
    let limits = limits(&all, &settings)?;
    let mut findings = Vec::new();
    let mut unsure = Vec::new();
    let mut n_judged = 0;
    for limit in &limits {
        match standing(limit, subject.n_rows() >= settings.min_rows) {
            Some(Standing::Crossed) => {
                n_judged += 1;
                // A failure of the same figure says it already.
                if !findings
                    .iter()
                    .any(|finding: &Finding| finding.title.starts_with(limit.estimate.figure.title))
                {
                    findings.push(finding(limit, &subject));
                }
            }
            Some(Standing::Unsure) => unsure.push(limit),
            Some(Standing::Met) => n_judged += 1,
            None => {}
        }
    }
    let otherwise = if n_judged == 0 || !unsure.is_empty() {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    let verdict = wording::verdict(&findings, otherwise);
    let summary = summary(&all, &findings, &unsure, subject.n_rows());
    let mut outcome = Outcome::new(verdict, summary);
    for estimate in &all {
        let mut metric = estimate.metric(subject.n_rows(), LEVEL);
        let of = |severity| {
            let found = limits.iter().find(|limit| {
                limit.severity == severity && limit.estimate.figure == estimate.figure
            });
            found.map(|limit| limit.value)
        };
        let (warn, fail) = (of(Severity::Warning), of(Severity::Error));
        if warn.is_some() || fail.is_some() {
            metric = if estimate.figure.is_higher_better {
                metric.at_least(warn, fail)
            } else {
                metric.at_most(warn, fail)
            };
        }
        outcome = outcome.metric(metric);
    }
    outcome.findings = findings;
    outcome.views = pictures(&subject);
    outcome.notes = subject.notes;
    outcome.notes.push(match &subject.answers {
        Answers::Classes(classes) if classes.is_binary() => format!(
            "Positive class: '{}', from a probability of {}.",
            classes.names[1], classes.threshold
        ),
        Answers::Classes(_) => "Precision, recall, F1, ROC AUC and average precision are means over classes (macro), areas of each class against the rest.".to_owned(),
        Answers::Numbers { .. } => "Errors are prediction minus target, in the target's unit.".to_owned(),
    });
    Ok(outcome)
}

fn checked(settings: &Settings) -> Result<(), CheckError> {
    check_range("warn_auc", settings.warn_auc, 0.0, 1.0)?;
    check_range("fail_auc", settings.fail_auc, 0.0, settings.warn_auc)?;
    check_range("warn_r2", settings.warn_r2, f64::MIN, 1.0)?;
    check_range("fail_r2", settings.fail_r2, f64::MIN, settings.warn_r2)?;
    check_count("resamples", settings.resamples, 100, 10_000)?;
    settings
        .limits
        .iter()
        .try_for_each(|text| asked(text).map(|_| ()))
}

/// A figure and its limit, from `accuracy >= 0.8`.
fn asked(text: &str) -> Result<(Figure, f64), CheckError> {
    let bad = |message: String| CheckError::new(CheckErrorKind::BadParameter, message);
    let mut words = text.split_whitespace();
    let (Some(id), Some(sign), Some(limit), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad(format!(
            "limits holds '{text}'; it is written as 'accuracy >= 0.8'"
        )));
    };
    let known = || CLASS_FIGURES.iter().chain(&NUMBER_FIGURES);
    let Some(figure) = known().find(|figure| figure.id == id) else {
        let ids: Vec<&str> = known().map(|figure| figure.id).collect();
        return Err(bad(format!(
            "limits names '{id}'; there are {}",
            ids.join(", ")
        )));
    };
    let own_sign = if figure.is_higher_better { ">=" } else { "<=" };
    if sign != own_sign {
        return Err(bad(format!(
            "limits holds '{text}'; the limit of {id} is written with {own_sign}"
        )));
    }
    match limit.parse::<f64>() {
        Ok(limit) if limit.is_finite() => Ok((*figure, limit)),
        Ok(_) | Err(_) => Err(bad(format!(
            "limits holds '{text}'; '{limit}' is no number"
        ))),
    }
}

/// The limits that apply to this task, gravest first.
fn limits<'e>(all: &'e [Estimate], settings: &Settings) -> Result<Vec<Limit<'e>>, CheckError> {
    let find = |id: &str| all.iter().find(|estimate| estimate.figure.id == id);
    let mut limits = Vec::new();
    for text in &settings.limits {
        let (figure, limit) = asked(text)?;
        let estimate = find(figure.id).ok_or_else(|| {
            let message = format!(
                "limits names '{}', which this task does not have",
                figure.id
            );
            CheckError::new(CheckErrorKind::BadParameter, message)
        })?;
        limits.push(Limit {
            estimate,
            value: limit,
            severity: Severity::Error,
        });
    }
    for (id, warn, fail) in [
        ("roc_auc", settings.warn_auc, settings.fail_auc),
        ("r2", settings.warn_r2, settings.fail_r2),
    ] {
        let Some(estimate) = find(id) else { continue };
        let is_own = limits.iter().any(|own| own.estimate.figure.id == id);
        for (limit, severity) in [(fail, Severity::Error), (warn, Severity::Warning)] {
            if !(is_own && severity == Severity::Error) {
                limits.push(Limit {
                    estimate,
                    value: limit,
                    severity,
                });
            }
        }
    }
    Ok(limits)
}

fn standing(limit: &Limit<'_>, has_enough_rows: bool) -> Option<Standing> {
    let Estimate {
        value,
        bounds: Some(bounds),
        figure,
        ..
    } = limit.estimate
    else {
        return None;
    };
    let hold = if figure.is_higher_better {
        at_least
    } else {
        at_most
    };
    Some(hold(*value, *bounds, limit.value, has_enough_rows))
}

fn shown(estimate: &Estimate) -> String {
    let figure = format!("{} {}", estimate.figure.title, number(estimate.value));
    match estimate.bounds {
        Some(bounds) => format!("{figure} [{}, {}]", number(bounds.low), number(bounds.high)),
        None => figure,
    }
}

fn finding(limit: &Limit<'_>, subject: &Subject) -> Finding {
    let side = if limit.estimate.figure.is_higher_better {
        "below"
    } else {
        "above"
    };
    let title = format!(
        "{} on {} test rows: {side} {}",
        shown(limit.estimate),
        subject.n_rows(),
        number(limit.value)
    );
    let (rows, evidence) = match &subject.answers {
        Answers::Classes(classes) => {
            let wrong =
                (0..subject.n_rows()).filter(|&row| classes.truth[row] != classes.decided[row]);
            (subject.table_rows(wrong), "confusion")
        }
        Answers::Numbers { truth, predicted } => {
            let mut worst: Vec<usize> = (0..subject.n_rows()).collect();
            let error = |row: usize| (predicted[row] - truth[row]).abs();
            worst.sort_by(|&a, &b| error(b).total_cmp(&error(a)));
            worst.truncate(100);
            worst.sort_unstable();
            (subject.table_rows(worst), "predicted")
        }
    };
    Finding::new("DQ120", limit.severity, title)
        .because("The whole interval lies beyond the limit: it is not chance that the model does no better on rows it has not seen.")
        .advice("Open the rows it gets wrong, see evaluation.weak-segments for where they gather and evaluation.simple-models for what a simple model reaches; then better features, more rows, or another limit.")
        .rows(rows)
        .evidence(evidence)
}

fn summary(all: &[Estimate], findings: &[Finding], unsure: &[&Limit<'_>], n_rows: usize) -> String {
    if let Some(first) = findings.iter().max_by_key(|finding| finding.severity) {
        return first.title.clone();
    }
    let exist: Vec<&Estimate> = all
        .iter()
        .filter(|estimate| estimate.value.is_finite())
        .collect();
    let head = match (unsure.first(), exist.first()) {
        (Some(limit), _) => format!(
            "{}: the limit {} lies inside, more than {n_rows} rows would tell",
            shown(limit.estimate),
            number(limit.value)
        ),
        (None, Some(estimate)) => shown(estimate),
        (None, None) => "no figure exists on these rows".to_owned(),
    };
    let second = exist
        .iter()
        .find(|estimate| matches!(estimate.figure.id, "accuracy" | "mae"));
    match second {
        Some(estimate) if !head.contains(estimate.figure.title) => {
            format!("{head}; {} on {n_rows} test rows", shown(estimate))
        }
        Some(_) | None => format!("{head} on {n_rows} test rows"),
    }
}

fn pictures(subject: &Subject) -> Vec<View> {
    match &subject.answers {
        Answers::Classes(classes) => {
            let (roc, precision_recall) = curves(classes);
            let lines = |axes: (&str, &str), series| Chart::Lines {
                x_axis: axes.0.to_owned(),
                y_axis: axes.1.to_owned(),
                series,
                threshold: None,
            };
            vec![
                views::confusion(subject, classes),
                View::new("roc", "ROC curve", lines(("false positive rate", "true positive rate"), roc))
                    .caption("The diagonal is guessing; the nearer the upper left corner, the better."),
                View::new(
                    "precision-recall",
                    "Precision-recall curve",
                    lines(("recall", "precision"), precision_recall),
                )
                .caption("What share of the rows called positive is positive, for every share of positives found."),
            ]
        }
        Answers::Numbers { truth, predicted } => vec![
            View::new(
                "predicted",
                "Predicted against true",
                views::scatter(subject, ("target", "prediction"), |row| {
                    (truth[row], predicted[row])
                }),
            )
            .caption("Points on the diagonal are predicted exactly."),
        ],
    }
}

/// One curve per class, of the ten most frequent.
fn curves(
    classes: &Classes,
) -> (
    Vec<interlock_plugin_api::Series>,
    Vec<interlock_plugin_api::Series>,
) {
    const MAX_CURVES: usize = 10;
    let rows = classes.classified();
    let mut shown: Vec<usize> = if classes.is_binary() {
        vec![1]
    } else {
        (0..classes.names.len()).collect()
    };
    let count = |class: usize| classes.truth.iter().filter(|&&own| own == class).count();
    shown.sort_by_cached_key(|&class| std::cmp::Reverse(count(class)));
    shown.truncate(MAX_CURVES);
    let (mut roc, mut precision_recall) = (Vec::new(), Vec::new());
    for class in shown {
        let n = count(class);
        if n == 0 || n == classes.truth.len() {
            continue;
        }
        let scores: Vec<f64> = (0..classes.truth.len())
            .map(|row| rows.probability(row, class))
            .collect();
        let steps = Ranking::new(&scores, |row| classes.truth[row] == class).steps(&scores);
        roc.push(views::roc(&classes.names[class], &steps));
        precision_recall.push(views::precision_recall(&classes.names[class], &steps));
    }
    if !roc.is_empty() {
        roc.push(views::line("guessing", vec![(0.0, 0.0), (1.0, 1.0)]));
    }
    (roc, precision_recall)
}
