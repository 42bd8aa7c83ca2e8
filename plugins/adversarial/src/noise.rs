//! The check `adversarial.noise`: does the score hold when inputs are measured less exactly?
//!
//! In: the rows, the model, levels of noise. Out: the score at each level with its interval, which
//! columns it is most sensitive to, and the rows that are lost.

use interlock_plugin_api::{
    Bar, Chart, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Series,
    Severity, Verdict, View, check,
};
use interlock_stats::StatsError;
use interlock_stats::mean_interval::mean_interval;
use serde::{Deserialize, Serialize};

use crate::noise_curve::{Experiment, Truth, first_reach, mean_height};
use crate::subject::Subject;

/// Confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Rows below which nothing can be said.
const MIN_ROWS: usize = 30;

/// A column that costs more of the score than this share of the whole loss is named.
const SENSITIVE_SHARE: f64 = 0.5;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Levels of noise, ascending, in standard deviations of each column.
    pub levels: Vec<f64>,
    /// The level at which the verdict is made.
    pub judged_level: f64,
    /// Loss of score (accuracy, or R²) at the judged level above which the check warns.
    pub warn_above: f64,
    /// Loss of score at the judged level above which the check fails.
    pub fail_above: f64,
    /// Share of categories and truth values exchanged at level 1, 0 to 1.
    pub swap_rate: f64,
    /// How often noise is drawn at each level.
    pub repeats: u64,
    /// Rows looked at, at most; beyond, a random sample.
    pub max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            levels: vec![0.05, 0.1, 0.2, 0.3, 0.5, 1.0],
            judged_level: 0.1,
            warn_above: 0.05,
            fail_above: 0.15,
            swap_rate: 0.25,
            repeats: 5,
            max_rows: 1000,
        }
    }
}

/// The score at one level of noise.
struct Step {
    level: f64,
    score: f64,
    low: f64,
    high: f64,
    /// How much of the score is gone, with its interval.
    loss: f64,
    loss_low: f64,
    loss_high: f64,
}

/// The check; `#[check]` makes of it the constant that the module lists.
///
/// # Errors
/// Without table, model or target; if the model refuses the rows; if a setting makes no sense.
#[check(
    id = "adversarial.noise",
    title = "Noise on the inputs",
    stage = "robustness",
    needs(train?, test?, model, target),
    codes(
        AD001 = "the score falls quickly with noise",
        AD002 = "one input carries most of the sensitivity",
        AD003 = "the model is no better than guessing"
    ),
    cost = "heavy",
    cadence_days = 30,
    docs = "noise.md"
)]
pub fn noise(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let levels = checked(&settings)?;
    let subject = Subject::new(ctx, settings.max_rows)?;
    let free = subject.free_columns();
    if let Some(outcome) = undecidable(&subject, &free) {
        return Ok(outcome);
    }
    let predict = |features: &_| subject.model.predict(features);
    let experiment = Experiment {
        features: &subject.features,
        freedoms: &subject.freedoms,
        truth: &subject.truth,
        predict: &predict,
        swap_rate: settings.swap_rate,
        repeats: settings.repeats.max(1),
        seed: ctx.seed(),
    };
    let clean = experiment.losses(&free, 0.0)?;
    let mut steps = vec![step(0.0, &clean, &clean)?];
    let mut judged_losses = clean.clone();
    for (at, &level) in levels.iter().enumerate() {
        if ctx.is_cancelled() {
            return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
        }
        let share = 0.6 * at as f64 / levels.len() as f64;
        ctx.progress(share, &format!("noise of {level} standard deviations"));
        let losses = experiment.losses(&free, level)?;
        steps.push(step(level, &clean, &losses)?);
        if level.total_cmp(&settings.judged_level).is_eq() {
            judged_losses = losses;
        }
    }
    let mut by_column = Vec::new();
    for (at, &column) in free.iter().enumerate() {
        ctx.progress(
            0.6 + 0.4 * at as f64 / free.len() as f64,
            &format!("noise on {} alone", subject.features.columns[column].name),
        );
        let losses = experiment.losses(&[column], settings.judged_level)?;
        by_column.push((column, step(settings.judged_level, &clean, &losses)?));
    }
    by_column.sort_by(|a, b| b.1.loss.total_cmp(&a.1.loss));
    let report = Report {
        subject: &subject,
        settings: &settings,
        steps: &steps,
        by_column: &by_column,
        clean: &clean,
        judged: &judged_losses,
    };
    Ok(report.outcome())
}

/// The levels with the judged one among them, ascending.
fn checked(settings: &Settings) -> Result<Vec<f64>, CheckError> {
    let bad = |message: String| Err(CheckError::new(CheckErrorKind::BadParameter, message));
    let mut levels = settings.levels.clone();
    levels.push(settings.judged_level);
    if let Some(level) = levels
        .iter()
        .find(|level| !(**level > 0.0 && **level <= 100.0))
    {
        return bad(format!(
            "a level of noise is {level}; it is above 0 and at most 100"
        ));
    }
    if !(0.0..=1.0).contains(&settings.swap_rate) {
        return bad(format!(
            "swap_rate is {}; it is a share, from 0 to 1",
            settings.swap_rate
        ));
    }
    if settings.warn_above > settings.fail_above {
        return bad(format!(
            "warn_above {} is above fail_above {}",
            settings.warn_above, settings.fail_above
        ));
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    Ok(levels)
}

/// What can be said without any experiment: that nothing can be said.
fn undecidable(subject: &Subject<'_>, free: &[usize]) -> Option<Outcome> {
    let n = subject.rows.len();
    let summary = if n < MIN_ROWS {
        format!("{n} rows with a known target are too few; {MIN_ROWS} would do")
    } else if free.is_empty() {
        "no input of the model may change".to_owned()
    } else if matches!(&subject.truth, Truth::Numbers { variance, .. } if *variance <= 0.0) {
        "the target is the same in every row: there is no score to lose".to_owned()
    } else {
        return None;
    };
    let mut outcome = Outcome::new(Verdict::Inconclusive, summary);
    outcome.notes.clone_from(&subject.notes);
    Some(outcome)
}

fn step(level: f64, clean: &[f64], noisy: &[f64]) -> Result<Step, CheckError> {
    let failed = |error: StatsError| CheckError::failed(error.to_string());
    let (mean, bounds) = mean_interval(noisy, LEVEL).map_err(failed)?;
    // The same rows with and without noise: their difference is far surer than either score.
    let differences: Vec<f64> = noisy.iter().zip(clean).map(|(a, b)| a - b).collect();
    let (loss, loss_bounds) = mean_interval(&differences, LEVEL).map_err(failed)?;
    Ok(Step {
        level,
        score: 1.0 - mean,
        low: 1.0 - bounds.high,
        high: 1.0 - bounds.low,
        loss,
        loss_low: loss_bounds.low,
        loss_high: loss_bounds.high,
    })
}

/// Everything measured.
struct Report<'r> {
    subject: &'r Subject<'r>,
    settings: &'r Settings,
    steps: &'r [Step],
    by_column: &'r [(usize, Step)],
    clean: &'r [f64],
    judged: &'r [f64],
}

impl Report<'_> {
    fn is_classification(&self) -> bool {
        matches!(self.subject.truth, Truth::Classes { .. })
    }

    fn score_name(&self) -> &'static str {
        if self.is_classification() {
            "accuracy"
        } else {
            "R²"
        }
    }

    fn verdict(&self, judged: &Step) -> Verdict {
        let settings = self.settings;
        if judged.loss_low > settings.fail_above {
            Verdict::Fail
        } else if judged.loss > settings.warn_above {
            Verdict::Warn
        } else if judged.loss_high > settings.fail_above {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }

    fn outcome(&self) -> Outcome {
        let settings = self.settings;
        let level = settings.judged_level;
        let Some(judged) = self
            .steps
            .iter()
            .find(|step| step.level.total_cmp(&level).is_eq())
        else {
            return Outcome::new(Verdict::Inconclusive, "the judged level was not measured");
        };
        let (name, n) = (self.score_name(), self.subject.rows.len() as u64);
        let mut verdict = self.verdict(judged);
        let clean = &self.steps[0];
        let mut findings = self.findings(judged, verdict);
        if let Some(finding) = self.guessing(clean) {
            findings.push(finding);
            if verdict == Verdict::Pass {
                verdict = Verdict::Warn;
            }
        }
        let summary = match verdict {
            Verdict::Inconclusive => format!(
                "{name} may lose up to {:.3} at noise {level}: {n} rows do not tell",
                judged.loss_high
            ),
            _ => format!(
                "{name} {:.3} without noise, {:.3} at noise {level}",
                clean.score, judged.score
            ),
        };
        let mut outcome = Outcome::new(verdict, summary).metric(
            Metric::new("score_loss", judged.loss, n)
                .title(format!("Loss of {name} at noise {level}"))
                .interval(judged.loss_low, judged.loss_high, LEVEL, "paired Student")
                .at_most(Some(settings.warn_above), Some(settings.fail_above)),
        );
        outcome.metrics.extend(self.metrics(name, n));
        outcome.findings = findings;
        outcome.notes.clone_from(&self.subject.notes);
        outcome.notes.push(format!(
            "Noise is drawn {} times at each level; the level is in standard deviations of each column in the training table. Of categories and truth values, a share of {} times the level is exchanged.",
            settings.repeats.max(1),
            settings.swap_rate
        ));
        outcome.view(self.curve(name)).view(self.sensitivity(name))
    }

    fn metrics(&self, name: &str, n: u64) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = self
            .steps
            .iter()
            .map(|step| {
                Metric::new("score", step.score, n)
                    .title(format!("{name} at noise {}", step.level))
                    .group(format!("noise={}", step.level))
                    .interval(step.low, step.high, LEVEL, "Student")
            })
            .collect();
        let points: Vec<(f64, f64)> = self
            .steps
            .iter()
            .map(|step| (step.level, step.score))
            .collect();
        if let Some(mean) = mean_height(&points) {
            metrics.push(
                Metric::new("mean_score", mean, n).title(format!("Mean {name} over all levels")),
            );
        }
        let losses: Vec<(f64, f64)> = self
            .steps
            .iter()
            .map(|step| (step.level, step.loss))
            .collect();
        if let Some(level) = first_reach(&losses, self.settings.fail_above) {
            metrics.push(
                Metric::new("breaking_level", level, n)
                    .title(format!("Noise that costs {}", self.settings.fail_above))
                    .unit("standard deviations"),
            );
        }
        metrics
    }

    fn findings(&self, judged: &Step, verdict: Verdict) -> Vec<Finding> {
        let mut findings = Vec::new();
        if matches!(verdict, Verdict::Fail | Verdict::Warn) {
            let lost =
                (0..self.clean.len()).filter(|&row| self.judged[row] > self.clean[row] + 0.5);
            let severity = if verdict == Verdict::Fail {
                Severity::Error
            } else {
                Severity::Warning
            };
            let name = self.score_name();
            let title = format!(
                "{name} loses {:.3} when inputs are off by {} standard deviations",
                judged.loss, judged.level
            );
            let because = format!(
                "The loss lies between {:.3} and {:.3} with 95 % confidence; {} is accepted. Values measured a little differently in use will change decisions.",
                judged.loss_low, judged.loss_high, self.settings.warn_above
            );
            findings.push(
                Finding::new("AD001", severity, title)
                    .because(because)
                    .advice("See which inputs it comes from; train with noise, limit the depth of trees, or measure those inputs better.")
                    .rows(self.subject.table_rows(lost))
                    .evidence("curve"),
            );
        }
        let total: f64 = self
            .by_column
            .iter()
            .map(|(_, step)| step.loss.max(0.0))
            .sum();
        if let Some((column, worst)) = self.by_column.first() {
            let is_alone = self.by_column.len() > 2
                && worst.loss_low > 0.01
                && worst.loss > SENSITIVE_SHARE * total;
            if is_alone {
                let name = &self.subject.features.columns[*column].name;
                let title = format!("noise on '{name}' alone costs {:.3}", worst.loss);
                findings.push(
                    Finding::new("AD002", Severity::Note, title)
                        .because("More than half of what noise on single inputs costs comes from this one.")
                        .advice("Check how exactly it is measured, and whether the model should lean on it so much.")
                        .column(name.as_str())
                        .evidence("sensitivity"),
                );
            }
        }
        findings
    }

    /// Where there is no skill, none can be lost.
    fn guessing(&self, clean: &Step) -> Option<Finding> {
        let base = match &self.subject.truth {
            Truth::Classes { classes, .. } => most_frequent_share(classes),
            Truth::Numbers { .. } => 0.0,
        };
        (clean.high < base + 1e-12 || clean.score <= base).then(|| {
            let title = format!(
                "without noise the {} is {:.3}; always giving the most frequent answer has {base:.3}",
                self.score_name(),
                clean.score
            );
            Finding::new("AD003", Severity::Warning, title)
                .because("A model without skill cannot lose any: that its score holds under noise says nothing.")
                .advice("Mend the model first.")
                .evidence("curve")
        })
    }

    fn curve(&self, name: &str) -> View {
        let points = self
            .steps
            .iter()
            .map(|step| (step.level, step.score))
            .collect();
        let band = self
            .steps
            .iter()
            .map(|step| (step.low, step.high))
            .collect();
        let chart = Chart::Lines {
            x_axis: "noise (standard deviations)".to_owned(),
            y_axis: name.to_owned(),
            series: vec![Series {
                name: "all inputs noisy".to_owned(),
                points,
                band,
            }],
            threshold: Some(self.steps[0].score - self.settings.fail_above),
        };
        View::new("curve", format!("{name} as noise grows"), chart)
            .caption("With its 95 % band. The line is the least accepted score.")
    }

    fn sensitivity(&self, name: &str) -> View {
        let bars = self
            .by_column
            .iter()
            .map(|(column, step)| {
                let mut bar = Bar::new(
                    self.subject.features.columns[*column].name.clone(),
                    step.loss,
                );
                bar.interval = Some((step.loss_low, step.loss_high));
                bar
            })
            .collect();
        let chart = Chart::Bars {
            value_axis: format!("loss of {name}"),
            bars,
            threshold: None,
        };
        let title = format!("Noise of {} on one input alone", self.settings.judged_level);
        View::new("sensitivity", title, chart).caption("What noise on this input only costs.")
    }
}

fn most_frequent_share(classes: &[usize]) -> f64 {
    let mut sorted = classes.to_vec();
    sorted.sort_unstable();
    let most = sorted.chunk_by(|a, b| a == b).map(<[usize]>::len).max();
    most.unwrap_or(0) as f64 / classes.len().max(1) as f64
}
