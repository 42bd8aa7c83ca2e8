//! The check `evaluation.simple-models`.
//!
//! In: the training and the test rows, the model. Out: how much of what simple models leave to be
//! desired the model adds, on the same test rows, with paired intervals.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Severity, TableRow,
    Verdict, View, check,
};
use interlock_stats::proportion::{Bounds, two_sided_quantile};
use serde::{Deserialize, Serialize};

use crate::estimate::macro_area;
use crate::judge::{Standing, at_least};
use crate::ranking::{Area, covariance};
use crate::resampling::{Estimates, Plan, jackknife};
use crate::rivals::{Rival, Target, rivals};
use crate::subject::{Answers, Classes, Sides, Subject};
use crate::wording::{
    self, LEVEL, check_count, check_range, failed, inconclusive, number, percent,
};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share, 0 to 1, of what the training mean leaves to be desired that the model must add; below,
    /// with the whole interval, the check fails.
    fail_below: f64,
    /// The same against the best single input; below, the check warns.
    warn_below_rule: f64,
    /// The same against linear or logistic regression; below, the check warns. At 0 only a model
    /// that is surely worse than a line is warned of.
    warn_below_linear: f64,
    /// Resamples of the test rows for regression, 100 to 10000.
    resamples: usize,
    /// Test rows below which a limit inside an interval leaves the verdict open.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fail_below: 0.1,
            warn_below_rule: 0.0,
            warn_below_linear: 0.0,
            resamples: 1000,
            min_rows: 200,
        }
    }
}

/// What is compared.
struct Scores {
    /// The model's own score and error.
    own: (f64, f64),
    duels: Vec<Duel>,
}

/// A rival held against the model.
struct Duel {
    rival: Rival,
    /// ROC AUC, or mean squared error.
    score: f64,
    /// Share of what the rival leaves to be desired that the model adds; NaN if it leaves nothing.
    gain: f64,
    bounds: Option<Bounds>,
    /// Brier score, or root mean squared error.
    error: f64,
}

#[check(
    id = "evaluation.simple-models",
    title = "Gain over simple models",
    stage = "robustness",
    needs(train, test, model, target),
    codes(DQ122 = "the model hardly beats a simple one"),
    cost = "moderate",
    docs = "simple_models.md"
)]
pub(crate) fn simple_models(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("fail_below", settings.fail_below, -1.0, 1.0)?;
    check_range("warn_below_rule", settings.warn_below_rule, -1.0, 1.0)?;
    check_range("warn_below_linear", settings.warn_below_linear, -1.0, 1.0)?;
    check_count("resamples", settings.resamples, 100, 10_000)?;
    let model = ctx.model()?;
    let sides = Sides::of(ctx)?;
    if let Some(outcome) = sides.too_few() {
        return Ok(outcome);
    }
    let Sides {
        train,
        test,
        mut notes,
    } = sides;
    let inputs = |subject: &Subject| ctx.table(subject.role)?.features_at(&model, &subject.rows);
    let target = match &train.answers {
        Answers::Classes(classes) => Target::Classes {
            truth: &classes.truth,
            n_outputs: classes.n_outputs,
        },
        Answers::Numbers { truth, .. } => Target::Numbers(truth),
    };
    ctx.progress(0.2, "learning simple models");
    let found = rivals(&inputs(&train)?, target, &inputs(&test)?, ctx.seed());
    notes.extend(found.notes);
    // Bonferroni: the promise holds for all comparisons together.
    let level = 1.0 - (1.0 - LEVEL) / found.models.len() as f64;
    ctx.progress(0.6, "comparing on the test rows");
    let plan = Plan {
        seed: ctx.seed(),
        n_resamples: settings.resamples,
    };
    let Some(scores) = duels(&test, found.models, &plan, level)? else {
        return Ok(inconclusive(
            "the test target is the same in every row: nothing can be gained on it",
            &notes,
        ));
    };
    notes.push(format!(
        "Intervals hold together for {} comparisons (Bonferroni, each at {:.2} %).",
        scores.duels.len(),
        level * 100.0
    ));
    notes.push("The simple models are learned here from the training rows: the mean; the best single input cut into ten bins; ridge-penalized (strength 1) linear or logistic regression over standardized numbers and one column per category.".to_owned());
    let report = Report {
        settings: &settings,
        own: scores.own,
        duels: &scores.duels,
        test: &test,
        level,
        method: match &test.answers {
            Answers::Classes(_) => "paired DeLong, on the logarithm".to_owned(),
            Answers::Numbers { .. } => format!("paired {}", plan.method(test.n_rows())),
        },
    };
    let mut outcome = report.outcome();
    outcome.notes = notes;
    Ok(outcome)
}

/// Every rival against the model; `None` if there is nothing to gain.
fn duels(
    test: &Subject,
    models: Vec<Rival>,
    plan: &Plan,
    level: f64,
) -> Result<Option<Scores>, CheckError> {
    match &test.answers {
        Answers::Classes(classes) => {
            let z = two_sided_quantile(level).map_err(failed)?;
            let Some(own) = macro_area(classes) else {
                return Ok(None);
            };
            let duels = models
                .into_iter()
                .filter_map(|rival| class_duel(classes, &own, rival, z));
            Ok(Some(Scores {
                own: (own.value, brier(classes)),
                duels: duels.collect(),
            }))
        }
        Answers::Numbers { truth, predicted } => {
            let squares = |predicted: &[f64]| -> Vec<f64> {
                predicted
                    .iter()
                    .zip(truth)
                    .map(|(p, t)| (p - t).powi(2))
                    .collect()
            };
            let own = squares(predicted);
            let theirs: Vec<Vec<f64>> = models
                .iter()
                .map(|rival| squares(&rival.predictions))
                .collect();
            if theirs[0].iter().all(|square| *square <= 0.0) {
                return Ok(None);
            }
            let strata = vec![0; truth.len()];
            let gains = |weights: &[u32]| -> Vec<f64> {
                let sum = |squares: &[f64]| -> f64 {
                    weights
                        .iter()
                        .zip(squares)
                        .map(|(&w, square)| f64::from(w) * square)
                        .sum()
                };
                let own = sum(&own);
                theirs
                    .iter()
                    .map(|squares| 1.0 - own / sum(squares))
                    .collect()
            };
            let left_out = jackknife(truth.len(), gains);
            let found = Estimates::new(plan, &strata, left_out, gains);
            let bounds = (0..theirs.len())
                .map(|at| found.bounds(at, level).map_err(failed))
                .collect::<Result<Vec<_>, _>>()?;
            let mean = |squares: &[f64]| squares.iter().sum::<f64>() / truth.len() as f64;
            let duels = models.into_iter().enumerate().map(|(at, rival)| Duel {
                rival,
                score: mean(&theirs[at]),
                gain: found.values[at],
                bounds: bounds[at],
                error: mean(&theirs[at]).sqrt(),
            });
            let own = mean(&own);
            Ok(Some(Scores {
                own: (own, own.sqrt()),
                duels: duels.collect(),
            }))
        }
    }
}

fn with_predictions(classes: &Classes, predictions: &[f64]) -> Classes {
    Classes {
        names: classes.names.clone(),
        truth: classes.truth.clone(),
        decided: Vec::new(),
        probabilities: predictions.to_vec(),
        n_outputs: classes.n_outputs,
        threshold: classes.threshold,
    }
}

fn brier(classes: &Classes) -> f64 {
    let rows = classes.classified();
    let n = classes.truth.len();
    (0..n).map(|row| rows.brier(row)).sum::<f64>() / n as f64
}

/// `1 − (1 − A) / (1 − A')`, with a normal interval on the logarithm of the quotient.
fn class_duel(classes: &Classes, own: &Area, rival: Rival, z: f64) -> Option<Duel> {
    let theirs = with_predictions(classes, &rival.predictions);
    let area = macro_area(&theirs)?;
    let (a, b) = (1.0 - own.value, 1.0 - area.value);
    let gain = if b > 0.0 { 1.0 - a / b } else { f64::NAN };
    let bounds = if !gain.is_finite() {
        None
    } else if a > 0.0 {
        let variance = covariance(&own.shares, &own.shares) / (a * a)
            + covariance(&area.shares, &area.shares) / (b * b)
            - 2.0 * covariance(&own.shares, &area.shares) / (a * b);
        let half = z * variance.max(0.0).sqrt();
        Some(Bounds {
            low: 1.0 - a / b * half.exp(),
            high: 1.0 - a / b * (-half).exp(),
        })
    } else {
        // No pair of rows in wrong order: nothing shows how far that might be off.
        Some(Bounds {
            low: f64::MIN,
            high: 1.0,
        })
    };
    Some(Duel {
        score: area.value,
        gain,
        bounds,
        error: brier(&theirs),
        rival,
    })
}

struct Report<'r> {
    settings: &'r Settings,
    own: (f64, f64),
    duels: &'r [Duel],
    test: &'r Subject,
    level: f64,
    method: String,
}

impl Report<'_> {
    fn limit(&self, id: &str) -> (f64, Severity) {
        match id {
            "constant" => (self.settings.fail_below, Severity::Error),
            "one_rule" => (self.settings.warn_below_rule, Severity::Warning),
            _ => (self.settings.warn_below_linear, Severity::Warning),
        }
    }

    /// Names of score and error, for people.
    fn words(&self) -> (&'static str, &'static str) {
        match &self.test.answers {
            Answers::Classes(_) => ("ROC AUC", "Brier score"),
            Answers::Numbers { .. } => ("mean squared error", "RMSE"),
        }
    }

    fn outcome(&self) -> Outcome {
        let has_enough_rows = self.test.n_rows() >= self.settings.min_rows;
        let mut findings = Vec::new();
        let mut unsure = None;
        for duel in self.duels {
            let Some(bounds) = duel.bounds else { continue };
            let (limit, severity) = self.limit(duel.rival.id);
            match at_least(duel.gain, bounds, limit, has_enough_rows) {
                Standing::Crossed => findings.push(self.finding(duel, bounds, severity)),
                Standing::Unsure => unsure = unsure.or(Some(duel)),
                Standing::Met => {}
            }
        }
        wording::sort_by_severity(&mut findings);
        // Whether it beats a line by a hair is no question that must be settled.
        let is_open = unsure.is_some_and(|duel| duel.rival.id == "constant");
        let otherwise = if is_open || self.duels.iter().all(|duel| duel.bounds.is_none()) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        let verdict = wording::verdict(&findings, otherwise);
        let mut outcome = Outcome::new(verdict, self.summary(&findings, verdict));
        for duel in self.duels {
            outcome = outcome.metric(self.metric(duel));
        }
        outcome.findings = findings;
        outcome.view(self.bars()).view(self.table())
    }

    fn summary(&self, findings: &[Finding], verdict: Verdict) -> String {
        let (score, _) = self.words();
        if let Some(first) = findings.first() {
            return first.title.clone();
        }
        let rivals: Vec<String> = self
            .duels
            .iter()
            .map(|duel| format!("{} for {}", number(duel.score), duel.rival.title))
            .collect();
        let start = format!("{score} {}, {}", number(self.own.0), rivals.join(", "));
        if verdict == Verdict::Inconclusive {
            format!(
                "{start}: more than {} test rows would tell whether the model adds {}",
                self.test.n_rows(),
                percent(self.settings.fail_below)
            )
        } else {
            start
        }
    }

    fn metric(&self, duel: &Duel) -> Metric {
        let (limit, severity) = self.limit(duel.rival.id);
        let (warn, fail) = if severity == Severity::Error {
            (None, Some(limit))
        } else {
            (Some(limit), None)
        };
        let metric = Metric::new(
            format!("gain_over_{}", duel.rival.id),
            duel.gain,
            self.test.n_rows() as u64,
        )
        .title(format!("Gain over {}", duel.rival.title))
        .unit("rate")
        .at_least(warn, fail);
        match duel.bounds {
            Some(bounds) => metric.interval(bounds.low, bounds.high, self.level, &self.method),
            None => metric,
        }
    }

    fn finding(&self, duel: &Duel, bounds: Bounds, severity: Severity) -> Finding {
        let (score, _) = self.words();
        let title = format!(
            "the model's {score} {} against {} for {}: a gain of {} [{}, {}]",
            number(self.own.0),
            number(duel.score),
            duel.rival.title,
            number(duel.gain),
            number(bounds.low),
            number(bounds.high)
        );
        let advice = match duel.rival.id {
            "constant" => {
                "Look for a bug first: targets shifted against rows, inputs encoded otherwise than in training. Then for inputs that say more."
            }
            "one_rule" => "Use the single input, or find out why the model wastes it.",
            _ => "Use the simpler model, which is easier to explain and to keep, or tune this one.",
        };
        Finding::new("DQ122", severity, title)
            .because("What a simple model does as well needs no complicated one: it costs more to run, to explain and to watch, and breaks in more ways.")
            .advice(advice)
            .evidence("scores")
    }

    fn bars(&self) -> View {
        let (score, _) = self.words();
        let mut bars = vec![Bar::new("the model", self.own.0)];
        for duel in self.duels {
            bars.push(Bar::new(duel.rival.title.clone(), duel.score));
        }
        View::new(
            "scores",
            "Model and simple models",
            Chart::Bars {
                value_axis: score.to_owned(),
                bars,
                threshold: None,
            },
        )
        .caption("All learned from the training rows and asked on the same test rows.")
    }

    fn table(&self) -> View {
        let (score, error) = self.words();
        let mut rows = vec![TableRow::new(vec![
            "the model".into(),
            self.own.0.into(),
            self.own.1.into(),
            Cell::Nothing,
            Cell::Nothing,
            Cell::Nothing,
        ])];
        for duel in self.duels {
            let end = |of: fn(Bounds) -> f64| duel.bounds.map_or(Cell::Nothing, |b| of(b).into());
            rows.push(TableRow::new(vec![
                duel.rival.title.clone().into(),
                duel.score.into(),
                duel.error.into(),
                duel.gain.into(),
                end(|bounds| bounds.low),
                end(|bounds| bounds.high),
            ]));
        }
        let columns = ["model", score, error, "gain", "low", "high"];
        View::new(
            "gains",
            "Gains",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Gain: the share of what the simple model leaves to be desired that the model adds; 1 is perfect, 0 no better, negative worse.")
    }
}
