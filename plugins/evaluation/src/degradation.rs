//! The check `evaluation.degradation`.
//!
//! In: the training and the test rows, the model. Out: by what share each figure is worse on the
//! test rows than on those the model learned from, with an interval of that share.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params,
    Severity, TableRow, Verdict, View, check,
};
use interlock_stats::bootstrap::percentile;
use interlock_stats::distribution::student_quantile;
use interlock_stats::proportion::Bounds;
use serde::{Deserialize, Serialize};

use crate::estimate::resampled;
use crate::figures::{CLASS_FIGURES, Figure, NUMBER_FIGURES};
use crate::judge::{Standing, at_most};
use crate::resampling::{Estimates, Plan};
use crate::subject::{Answers, Sides};
use crate::wording::{self, LEVEL, check_count, check_range, failed, number, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Figures that are judged, by id; those the task does not have are passed over.
    figures: Vec<String>,
    /// Share of a training figure that may be lost on the test rows, 0 to 10; beyond, with the whole
    /// interval, the check warns.
    warn_above: f64,
    /// As `warn_above`; beyond, the check fails.
    fail_above: f64,
    /// Resamples of each table, 100 to 10000.
    resamples: usize,
    /// Test rows below which a limit inside an interval leaves the verdict open.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            figures: ["roc_auc", "balanced_accuracy", "f1", "r2"]
                .map(str::to_owned)
                .to_vec(),
            warn_above: 0.1,
            fail_above: 0.3,
            resamples: 1000,
            min_rows: 200,
        }
    }
}

/// One figure on both tables.
struct Loss {
    figure: Figure,
    train: f64,
    test: f64,
    ends: (Option<Bounds>, Option<Bounds>),
    /// Share of the training figure that is lost; negative if the test rows are better.
    share: f64,
    bounds: Option<Bounds>,
}

#[check(
    id = "evaluation.degradation",
    title = "Train against test",
    stage = "robustness",
    needs(train, test, model, target),
    codes(DQ121 = "the model does worse on rows it has not seen"),
    cost = "moderate",
    docs = "degradation.md"
)]
pub(crate) fn degradation(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    checked(&settings)?;
    let sides = Sides::of(ctx)?;
    if let Some(outcome) = sides.too_few() {
        return Ok(outcome);
    }
    let Sides {
        train,
        test,
        mut notes,
    } = sides;
    let figures: &[Figure] = match &test.answers {
        Answers::Classes(_) => &CLASS_FIGURES,
        Answers::Numbers { .. } => &NUMBER_FIGURES[..5],
    };
    let is_judged = |figure: &Figure| settings.figures.iter().any(|id| id == figure.id);
    let n_judged = figures.iter().filter(|figure| is_judged(figure)).count();
    // Bonferroni: the promise holds for all judged figures together.
    let level = 1.0 - (1.0 - LEVEL) / n_judged.max(1) as f64;
    let plan = |seed| Plan {
        seed,
        n_resamples: settings.resamples,
    };
    ctx.progress(0.1, "resampling the training rows");
    let on_train = resampled(&train, &plan(ctx.seed().wrapping_add(1)));
    ctx.progress(0.6, "resampling the test rows");
    let on_test = resampled(&test, &plan(ctx.seed()));
    let losses: Vec<Loss> = figures
        .iter()
        .enumerate()
        .map(|(at, &figure)| loss(figure, at, (&on_train, &on_test), level))
        .collect::<Result<_, _>>()?;
    let judged: Vec<&Loss> = losses
        .iter()
        .filter(|loss| is_judged(&loss.figure))
        .collect();
    notes.push(format!(
        "Intervals hold together for the {n_judged} judged figures (Bonferroni, each at {:.2} %).",
        level * 100.0
    ));
    let report = Report {
        settings: &settings,
        losses: &losses,
        judged: &judged,
        level,
        n: (train.n_rows(), test.n_rows()),
        method: plan(0).method(train.n_rows().max(test.n_rows())),
    };
    let mut outcome = report.outcome();
    outcome.notes = notes;
    Ok(outcome)
}

fn checked(settings: &Settings) -> Result<(), CheckError> {
    check_range("fail_above", settings.fail_above, 0.0, 10.0)?;
    check_range("warn_above", settings.warn_above, 0.0, settings.fail_above)?;
    check_count("resamples", settings.resamples, 100, 10_000)?;
    let known = || CLASS_FIGURES.iter().chain(&NUMBER_FIGURES[..5]);
    for id in &settings.figures {
        if !known().any(|figure| figure.id == id) {
            let ids: Vec<&str> = known().map(|figure| figure.id).collect();
            let message = format!("figures names '{id}'; there are {}", ids.join(", "));
            return Err(CheckError::new(CheckErrorKind::BadParameter, message));
        }
    }
    Ok(())
}

/// How much of a figure is lost, as a share of its size on the training rows.
fn lost(figure: Figure, train: f64, test: f64) -> f64 {
    let worse = if figure.is_higher_better {
        train - test
    } else {
        test - train
    };
    worse / train.abs()
}

fn loss(
    figure: Figure,
    at: usize,
    (train, test): (&Estimates, &Estimates),
    level: f64,
) -> Result<Loss, CheckError> {
    let (own_train, own_test) = (train.values[at], test.values[at]);
    let share = lost(figure, own_train, own_test);
    let drawn: Vec<f64> = train
        .replicates
        .iter()
        .zip(&test.replicates)
        .map(|(train, test)| lost(figure, train[at], test[at]))
        .filter(|share| share.is_finite())
        .collect();
    let bounds = if !share.is_finite() {
        None
    } else if drawn.is_empty() {
        normal(share, at, (train, test), level)
    } else {
        percentile(&drawn, level).ok()
    };
    let ends = |side: &Estimates| side.bounds(at, level).map_err(failed);
    Ok(Loss {
        figure,
        train: own_train,
        test: own_test,
        ends: (ends(train)?, ends(test)?),
        share,
        bounds,
    })
}

/// The interval where one side has too many rows for resamples: by the delta method from the
/// standard errors of both.
fn normal(share: f64, at: usize, sides: (&Estimates, &Estimates), level: f64) -> Option<Bounds> {
    let (train, test) = (sides.0.values[at], sides.1.values[at]);
    let ((own, df), (other, other_df)) = (sides.1.error(at)?, sides.0.error(at)?);
    let of_test = own / train;
    let of_train = test * other / (train * train);
    let z = student_quantile(f64::midpoint(1.0, level), df.min(other_df));
    let half = z * of_test.hypot(of_train);
    Some(Bounds {
        low: share - half,
        high: share + half,
    })
}

struct Report<'r> {
    settings: &'r Settings,
    losses: &'r [Loss],
    judged: &'r [&'r Loss],
    level: f64,
    n: (usize, usize),
    method: String,
}

impl Report<'_> {
    fn outcome(&self) -> Outcome {
        let mut findings = Vec::new();
        let (mut n_known, mut is_unsure) = (0, false);
        for loss in self.judged {
            let (Some(bounds), true) = (loss.bounds, loss.share.is_finite()) else {
                continue;
            };
            let hold = |limit| {
                at_most(
                    loss.share,
                    bounds,
                    limit,
                    self.n.1 >= self.settings.min_rows,
                )
            };
            n_known += 1;
            if hold(self.settings.fail_above) == Standing::Crossed {
                findings.push(finding(loss, bounds, Severity::Error));
            } else if hold(self.settings.warn_above) == Standing::Crossed {
                findings.push(finding(loss, bounds, Severity::Warning));
            } else if hold(self.settings.warn_above) == Standing::Unsure {
                is_unsure = true;
            }
        }
        wording::sort_by_severity(&mut findings);
        let otherwise = if n_known == 0 || is_unsure {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        let verdict = wording::verdict(&findings, otherwise);
        let mut outcome = Outcome::new(verdict, self.summary(&findings, verdict));
        let rest = self
            .losses
            .iter()
            .filter(|loss| !self.judged.iter().any(|own| own.figure == loss.figure));
        for loss in self.judged.iter().copied().chain(rest) {
            outcome = outcome.metric(self.metric(loss));
        }
        outcome.findings = findings;
        outcome.view(self.bars()).view(self.table())
    }

    fn summary(&self, findings: &[Finding], verdict: Verdict) -> String {
        let worst = self
            .judged
            .iter()
            .filter(|loss| loss.share.is_finite())
            .max_by(|a, b| a.share.total_cmp(&b.share));
        match (findings.first(), worst) {
            (Some(first), _) => first.title.clone(),
            (None, None) => "no judged figure exists on both tables".to_owned(),
            (None, Some(worst)) => {
                let start = format!(
                    "{} {} in training, {} on the test rows",
                    worst.figure.title,
                    number(worst.train),
                    number(worst.test)
                );
                if verdict == Verdict::Inconclusive {
                    format!(
                        "{start}: more than {} test rows would tell whether over {} is lost",
                        self.n.1,
                        percent(self.settings.warn_above)
                    )
                } else {
                    format!(
                        "{start}: no figure loses more than {}",
                        percent(self.settings.warn_above)
                    )
                }
            }
        }
    }

    fn metric(&self, loss: &Loss) -> Metric {
        let mut metric = Metric::new(
            format!("{}_degradation", loss.figure.id),
            loss.share,
            self.n.1 as u64,
        )
        .title(format!("{} lost", loss.figure.title))
        .unit("rate");
        if self.judged.iter().any(|own| own.figure == loss.figure) {
            metric = metric.at_most(
                Some(self.settings.warn_above),
                Some(self.settings.fail_above),
            );
        }
        match loss.bounds {
            Some(bounds) => metric.interval(bounds.low, bounds.high, self.level, &self.method),
            None => metric,
        }
    }

    fn bars(&self) -> View {
        let mut bars = Vec::new();
        for loss in self.judged {
            for (name, value, ends) in [
                ("train", loss.train, loss.ends.0),
                ("test", loss.test, loss.ends.1),
            ] {
                if value.is_finite() {
                    let mut bar = Bar::new(format!("{} {name}", loss.figure.title), value);
                    bar.interval = ends.map(|bounds| (bounds.low, bounds.high));
                    bars.push(bar);
                }
            }
        }
        View::new(
            "figures",
            "Figures on both tables",
            Chart::Bars {
                value_axis: "figure".to_owned(),
                bars,
                threshold: None,
            },
        )
        .caption(
            "Each judged figure on the rows the model learned from, and on rows it has not seen.",
        )
    }

    fn table(&self) -> View {
        let rows = self
            .losses
            .iter()
            .map(|loss| {
                let bound =
                    |end: fn(Bounds) -> f64| loss.bounds.map_or(Cell::Nothing, |b| end(b).into());
                TableRow::new(vec![
                    loss.figure.title.into(),
                    loss.train.into(),
                    loss.test.into(),
                    loss.share.into(),
                    bound(|bounds| bounds.low),
                    bound(|bounds| bounds.high),
                ])
            })
            .collect();
        let columns = ["figure", "train", "test", "lost share", "low", "high"];
        View::new(
            "all",
            "Every figure",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Lost share: how much worse than in training, relative to the training figure; negative if better.")
    }
}

fn finding(loss: &Loss, bounds: Bounds, severity: Severity) -> Finding {
    let title = format!(
        "{} falls from {} in training to {} on the test rows: {} lost [{}, {}]",
        loss.figure.title,
        number(loss.train),
        number(loss.test),
        percent(loss.share),
        percent(bounds.low),
        percent(bounds.high)
    );
    let title = if loss.figure.is_higher_better {
        title
    } else {
        title.replacen("falls", "rises", 1)
    };
    Finding::new("DQ121", severity, title)
        .because("The model has learned its training rows by heart, or the test rows come from elsewhere; either way the training figure promises what it does not keep.")
        .advice("Make the model simpler (fewer or smaller trees, more regularization, early stopping) and look at the drift between train and test; judge by the test figure alone.")
        .evidence("figures")
}
