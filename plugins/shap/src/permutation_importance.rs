//! The check `shap.permutation-importance`.
//!
//! In: rows with a known target and the model. Out: how much of the score is lost when the values of
//! one column are exchanged among the rows.

use interlock_plugin_api::{
    Bar, Chart, CheckError, CheckErrorKind, Context, FeatureValues, Features, Finding, Metric,
    Outcome, Params, Predictions, Severity, Task, Truth, Verdict, View, check,
};
use interlock_stats::StatsError;
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::variance;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::subject::Subject;

/// Confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Rows below which nothing can be said.
const MIN_ROWS: usize = 30;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often the values of a column are exchanged.
    pub repeats: u64,
    /// Share of all importance in one column above which the check warns, 0 to 1.
    pub warn_share_above: f64,
    /// Share of all importance in one column above which the check fails, 0 to 1: most likely the target leaks.
    pub fail_share_above: f64,
    /// Share of all importance in a sensitive column above which the check warns, 0 to 1.
    pub warn_sensitive_above: f64,
    /// Rows looked at, at most; beyond, a random sample.
    pub max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            repeats: 5,
            warn_share_above: 0.7,
            fail_share_above: 0.95,
            warn_sensitive_above: 0.1,
            max_rows: 2000,
        }
    }
}

/// The importance of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// Its position among the model's inputs.
    pub input: usize,
    /// Mean rise of the loss.
    pub mean: f64,
    /// Its interval, over rows.
    pub low: f64,
    /// Its interval, over rows.
    pub high: f64,
}

/// The model, and a loss per row of what it says.
pub type Judged<'j> = (
    &'j dyn Fn(&Features) -> Result<Predictions, CheckError>,
    &'j dyn Fn(&Predictions) -> Vec<f64>,
);

/// The rise of the loss when the values of each input are exchanged among the rows, in the order of
/// inputs. `loss` gives a loss per row; `scale` divides all.
///
/// # Errors
/// If the model refuses, or for fewer than two rows.
pub fn importances(
    features: &Features,
    (predict, loss): Judged<'_>,
    (repeats, seed, scale): (u64, u64, f64),
    told: &dyn Fn(usize),
) -> Result<Vec<Importance>, CheckError> {
    let clean = loss(&predict(features)?);
    let mut found = Vec::with_capacity(features.columns.len());
    for input in 0..features.columns.len() {
        told(input);
        let mut rises = vec![0.0; features.n_rows];
        for repeat in 0..repeats.max(1) {
            let mut order: Vec<usize> = (0..features.n_rows).collect();
            Rng::for_stream(seed, (input as u64) << 32 | repeat).shuffle(&mut order);
            let mut shuffled = features.clone();
            let values: &mut FeatureValues = &mut shuffled.columns[input].values;
            *values = values.select(&order);
            let losses = loss(&predict(&shuffled)?);
            for ((rise, loss), clean) in rises.iter_mut().zip(losses).zip(&clean) {
                *rise += (loss - clean) / (repeats.max(1) as f64 * scale);
            }
        }
        let failed = |error: StatsError| CheckError::failed(error.to_string());
        let (mean, bounds) = mean_interval(&rises, LEVEL).map_err(failed)?;
        found.push(Importance {
            input,
            mean,
            low: bounds.low,
            high: bounds.high,
        });
    }
    Ok(found)
}

/// The check; `#[check]` makes of it the constant that the module lists.
///
/// # Errors
/// Without table, model or target; if the model refuses the rows.
#[check(
    id = "shap.permutation-importance",
    title = "Permutation importance",
    stage = "interpretability",
    needs(train?, test?, model, target, sensitive?),
    codes(
        SH001 = "one column carries nearly all importance",
        SH002 = "a sensitive column is important",
        SH003 = "no column is important",
        SH004 = "columns the model does not need"
    ),
    cost = "moderate",
    cadence_days = 14,
    docs = "permutation_importance.md"
)]
pub fn permutation_importance(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    if settings.warn_share_above > settings.fail_share_above {
        let message = format!(
            "warn_share_above {} is above fail_share_above {}",
            settings.warn_share_above, settings.fail_share_above
        );
        return Err(CheckError::new(CheckErrorKind::BadParameter, message));
    }
    let mut subject = Subject::new(ctx)?;
    let truth = ctx.truth(&subject.table, &subject.model)?;
    let rows = subject.sample(ctx, &truth.known_rows(), settings.max_rows);
    let truth = truth.select(&rows);
    let scale = scale(&truth);
    if rows.len() < MIN_ROWS || scale <= 0.0 {
        let summary = if rows.len() < MIN_ROWS {
            let n = rows.len();
            format!("{n} rows with a known target are too few; {MIN_ROWS} would do")
        } else {
            "the target is the same in every row".to_owned()
        };
        let mut outcome = Outcome::new(Verdict::Inconclusive, summary);
        outcome.notes = subject.notes;
        return Ok(outcome);
    }
    let features = subject.table.features_at(&subject.model, &rows)?;
    let threshold = subject.model.facts().threshold;
    let n_inputs = features.columns.len();
    let told = |input: usize| {
        let share = input as f64 / n_inputs as f64;
        ctx.progress(
            share,
            &format!("exchanging {}", features.columns[input].name),
        );
    };
    let mut found = importances(
        &features,
        (
            &|features| subject.model.predict(features),
            &|predictions| truth.losses(predictions, threshold),
        ),
        (settings.repeats, ctx.seed(), scale),
        &told,
    )?;
    found.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let names: Vec<&str> = features
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let report = Report {
        ctx,
        settings: &settings,
        names: &names,
        found: &found,
        n: rows.len() as u64,
        score: if subject.model.task() == Task::Regression {
            "R²"
        } else {
            "accuracy"
        },
    };
    let mut outcome = report.outcome();
    outcome.notes.extend(subject.notes);
    outcome.notes.push(format!(
        "Each column's values are exchanged {} times; intervals are over the rows.",
        settings.repeats.max(1)
    ));
    Ok(outcome)
}

/// What a loss of one is: a row for classes, the target's variance for numbers.
fn scale(truth: &Truth) -> f64 {
    match truth {
        Truth::Classes(_) => 1.0,
        Truth::Numbers(values) => variance(values).map_or(0.0, |variance| {
            variance * (values.len() - 1) as f64 / values.len() as f64
        }),
    }
}

struct Report<'r> {
    ctx: &'r Context,
    settings: &'r Settings,
    names: &'r [&'r str],
    /// Most important first.
    found: &'r [Importance],
    n: u64,
    score: &'static str,
}

impl Report<'_> {
    fn total(&self) -> f64 {
        self.found.iter().map(|one| one.mean.max(0.0)).sum()
    }

    fn outcome(&self) -> Outcome {
        let total = self.total();
        let Some(first) = self.found.first() else {
            return Outcome::new(Verdict::Inconclusive, "the model has no inputs");
        };
        let share = if total > 0.0 {
            first.mean.max(0.0) / total
        } else {
            0.0
        };
        let findings = self.findings(share, total);
        let verdict = match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Verdict::Fail,
            Some(Severity::Warning) => Verdict::Warn,
            Some(Severity::Note) | None => Verdict::Pass,
        };
        let name = self.names[first.input];
        let summary = if findings.iter().any(|finding| finding.code == "SH003") {
            format!("exchanging any column costs no {}", self.score)
        } else {
            format!(
                "'{name}' matters most: without it {} loses {:.3} ({:.0} % of all)",
                self.score,
                first.mean,
                100.0 * share
            )
        };
        let mut outcome = Outcome::new(verdict, summary).metric(
            Metric::new("top_share", share, self.n)
                .title("Share of the most important column")
                .unit("rate")
                .at_most(
                    Some(self.settings.warn_share_above),
                    Some(self.settings.fail_share_above),
                ),
        );
        for one in self.found {
            outcome.metrics.push(
                Metric::new("importance", one.mean, self.n)
                    .title(format!("Loss of {}", self.score))
                    .column(self.names[one.input])
                    .interval(one.low, one.high, LEVEL, "paired Student over rows"),
            );
        }
        outcome.findings = findings;
        outcome.view(self.view())
    }

    fn findings(&self, share: f64, total: f64) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.found.iter().all(|one| one.low <= 0.0) {
            findings.push(
                Finding::new("SH003", Severity::Warning, format!("exchanging any column costs no {}", self.score))
                    .because("The model's answers on these rows do not depend on its inputs in a way that helps, or columns stand for each other.")
                    .advice("See whether the model is better than guessing, and which columns say the same (constant columns, DQ012).")
                    .evidence("importances"),
            );
            return findings;
        }
        if let Some(first) = self.found.first().filter(|_| self.found.len() > 1) {
            let severity = if share > self.settings.fail_share_above {
                Some(Severity::Error)
            } else {
                (share > self.settings.warn_share_above).then_some(Severity::Warning)
            };
            let name = self.names[first.input];
            findings.extend(severity.map(|severity| {
                let title = format!("'{name}' carries {:.0} % of all importance", 100.0 * share);
                Finding::new("SH001", severity, title)
                    .because("A model that hangs on one column often found the answer in it: it was filled in after the outcome, or stands for it.")
                    .advice("Find out when the column is known. If it is sound, this is a rule with one input; watch that input.")
                    .column(name)
                    .evidence("importances")
            }));
        }
        let is_sensitive = |name: &str| {
            self.ctx
                .facts()
                .column(name)
                .is_some_and(|facts| facts.is_sensitive)
        };
        for one in self.found.iter().filter(|one| one.low > 0.0) {
            let (name, part) = (self.names[one.input], one.mean / total);
            if is_sensitive(name) && part > self.settings.warn_sensitive_above {
                let title = format!(
                    "sensitive column '{name}' carries {:.0} % of all importance",
                    100.0 * part
                );
                findings.push(
                    Finding::new("SH002", Severity::Warning, title)
                        .because("Decisions depend on it directly, which law may forbid and which the bias checks measure.")
                        .advice("See whether the model can do without, and look at demographic parity and equalized odds.")
                        .column(name)
                        .evidence("importances"),
                );
            }
        }
        let idle: Vec<&str> = self
            .found
            .iter()
            .filter(|one| one.low <= 0.0 && one.high < 0.005)
            .map(|one| self.names[one.input])
            .collect();
        if !idle.is_empty() && idle.len() < self.found.len() {
            let title = format!(
                "{} of {} columns cost nothing when exchanged",
                idle.len(),
                self.found.len()
            );
            let mut finding = Finding::new("SH004", Severity::Note, title)
                .because("The model does not need them here; each is one more thing to collect, to drift and to explain.")
                .advice("Try the model without them.")
                .evidence("importances");
            for name in idle.into_iter().take(30) {
                finding = finding.column(name);
            }
            findings.push(finding);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    fn view(&self) -> View {
        let bars = self
            .found
            .iter()
            .map(|one| {
                let name = self.names[one.input];
                let mut bar = Bar::new(name, one.mean);
                bar.interval = Some((one.low, one.high));
                bar.is_flagged = self
                    .ctx
                    .facts()
                    .column(name)
                    .is_some_and(|facts| facts.is_sensitive);
                bar
            })
            .collect();
        let chart = Chart::Bars {
            value_axis: format!("loss of {}", self.score),
            bars,
            threshold: None,
        };
        View::new("importances", "Importance by column", chart)
            .caption("What the score loses when the column's values are exchanged, with 95 % intervals. Marked: sensitive columns.")
    }
}
