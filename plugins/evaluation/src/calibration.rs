//! The check `evaluation.calibration`.
//!
//! In: the test rows, the model's probabilities. Out: whether rows called 70 % come true seven times
//! of ten, with the reliability curve and its bands.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Series,
    Severity, TableRow, Verdict, View, check,
};
use interlock_stats::proportion::{Bounds, wilson};
use serde::{Deserialize, Serialize};

use crate::confidence::{self, Gap, LEAST, MAX_ENTRIES};
use crate::reliability::{
    Bin, Chance, Coefficient, LOGIT_MARGIN, Recalibration, brier_parts, by_chance, debiased_error,
    equal_mass, equal_width, expected_error, greatest_error, recalibrate,
};
use crate::subject::{Answers, Classes, Subject};
use crate::views;
use crate::wording::{
    self, LEVEL, check_count, check_range, failed, inconclusive, number, percent,
};

/// p-value from which probabilities are off beyond chance.
const ALPHA: f64 = 0.05;

/// Slopes between this and its inverse are not called over- or under-confident.
const NEAR_SLOPE: f64 = 0.8;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Expected calibration error beyond what chance gives, 0 to 1, above which the check warns.
    warn_above: f64,
    /// The same, above which the check fails.
    fail_above: f64,
    /// Bins of the reliability curve, 5 to 50.
    bins: usize,
    /// Test rows below which nothing is judged, 100 or more.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.05,
            fail_above: 0.15,
            bins: 10,
            min_rows: 200,
        }
    }
}

/// What is predicted: the positive class, or that the decided class is right.
struct Claims {
    probabilities: Vec<f64>,
    is_true: Vec<bool>,
    what: String,
}

#[check(
    id = "evaluation.calibration",
    title = "Calibration",
    stage = "robustness",
    needs(test, model, target),
    codes(
        DQ124 = "probabilities do not come true at their rate",
        DQ125 = "the model is over- or under-confident"
    ),
    cost = "quick",
    docs = "calibration.md"
)]
pub(crate) fn calibration(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("fail_above", settings.fail_above, 0.0, 1.0)?;
    check_range("warn_above", settings.warn_above, 0.0, settings.fail_above)?;
    check_count("bins", settings.bins, 5, 50)?;
    check_count("min_rows", settings.min_rows, 100, usize::MAX)?;
    let subject = Subject::of(ctx, Role::Test)?;
    let Answers::Classes(classes) = &subject.answers else {
        return Err(CheckError::missing_input(
            "a regression gives no probabilities",
        ));
    };
    if subject.n_rows() < settings.min_rows {
        let summary = format!(
            "{} test rows are too few to judge probabilities; {} would do",
            subject.n_rows(),
            settings.min_rows
        );
        return Ok(inconclusive(summary, &subject.notes));
    }
    let claims = claims(classes);
    let bins = equal_mass(&claims.probabilities, &claims.is_true, settings.bins);
    let line = recalibrate(&claims.probabilities, &claims.is_true, LEVEL).map_err(failed)?;
    let rows = classes.classified();
    let slope = if classes.is_binary() {
        line.map(|line| line.slope)
    } else {
        confidence::power(&rows, LEVEL).map_err(failed)?
    };
    let report = Report {
        settings: &settings,
        subject: &subject,
        gap: confidence::gap(&rows, LEVEL),
        slope,
        claims: &claims,
        chance: by_chance(&bins, ctx.seed()),
        bins: &bins,
        line,
    };
    let mut outcome = report.outcome();
    outcome.notes.clone_from(&subject.notes);
    outcome.notes.extend(report.notes());
    Ok(outcome)
}

fn claims(classes: &Classes) -> Claims {
    let rows = classes.classified();
    if classes.is_binary() {
        return Claims {
            probabilities: classes.probabilities.clone(),
            is_true: classes.truth.iter().map(|&class| class == 1).collect(),
            what: format!("'{}'", classes.names[1]),
        };
    }
    Claims {
        probabilities: classes
            .decided
            .iter()
            .enumerate()
            .map(|(row, &class)| rows.probability(row, class))
            .collect(),
        is_true: classes
            .truth
            .iter()
            .zip(&classes.decided)
            .map(|(truth, decided)| truth == decided)
            .collect(),
        what: "the decided class".to_owned(),
    }
}

struct Report<'r> {
    settings: &'r Settings,
    subject: &'r Subject,
    claims: &'r Claims,
    bins: &'r [Bin],
    chance: Chance,
    line: Option<Recalibration>,
    /// Of the logit for two classes, else the power of all probabilities.
    slope: Option<Coefficient>,
    gap: Option<Gap>,
}

impl Report<'_> {
    fn error(&self) -> f64 {
        expected_error(self.bins)
    }

    /// The error beyond what right probabilities give on so many rows.
    fn excess(&self) -> f64 {
        (self.error() - self.chance.mean).max(0.0)
    }

    fn outcome(&self) -> Outcome {
        let mut findings: Vec<Finding> = self.distance().into_iter().collect();
        findings.extend(self.confidence());
        let verdict = wording::verdict(&findings, Verdict::Pass);
        let summary = findings.first().map_or_else(
            || {
                format!(
                    "probabilities of {} are off by {} on average, chance alone gives {}{}",
                    self.claims.what,
                    percent(self.error()),
                    percent(self.chance.mean),
                    self.sureness()
                )
            },
            |finding| finding.title.clone(),
        );
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics();
        outcome.findings = findings;
        outcome
            .view(self.curve())
            .view(self.spread())
            .view(self.table())
    }

    /// DQ124: shares far from probabilities.
    fn distance(&self) -> Option<Finding> {
        let excess = self.excess();
        if self.chance.p_value > ALPHA || excess <= self.settings.warn_above {
            return None;
        }
        let severity = if excess > self.settings.fail_above {
            Severity::Error
        } else {
            Severity::Warning
        };
        let worst = self.bins.iter().max_by(|a, b| {
            let off = |bin: &Bin| (bin.observed() - bin.predicted).abs();
            off(a).total_cmp(&off(b))
        })?;
        let title = format!(
            "probabilities of {} are off by {} on average, {} by chance: called {}, {} came true ({} rows)",
            self.claims.what,
            percent(self.error()),
            percent(self.chance.mean),
            percent(worst.predicted),
            percent(worst.observed()),
            worst.rows.len()
        );
        Some(
            Finding::new("DQ124", severity, title)
                .because("Whoever multiplies a probability with a cost, or sets a threshold by it, decides wrongly, however well the model ranks.")
                .advice("Recalibrate on held-out rows (isotonic or logistic), or use the scores for ranking only.")
                .rows(self.subject.table_rows(worst.rows.iter().copied()))
                .evidence("reliability"),
        )
    }

    /// DQ125: a slope surely away from 1.
    fn confidence(&self) -> Option<Finding> {
        let slope = self.slope?;
        let (kind, what) = if slope.high < NEAR_SLOPE {
            ("over-confident", "too near 0 and 1")
        } else if slope.low > 1.0 / NEAR_SLOPE {
            ("under-confident", "too near the middle")
        } else {
            return None;
        };
        // A slope alone changes little where all probabilities are alike.
        let severity = if self.excess() > self.settings.warn_above {
            Severity::Warning
        } else {
            Severity::Note
        };
        let title = format!(
            "the model is {kind}: calibration slope {} [{}, {}], probabilities {what}{}",
            number(slope.value),
            number(slope.low),
            number(slope.high),
            self.sureness()
        );
        Some(
            Finding::new("DQ125", severity, title)
                .because("An over-confident model has most often learned its training rows by heart; an under-confident one averages over many weak voices, as forests do.")
                .advice("Recalibrate on held-out rows; for over-confidence also regularize or stop earlier.")
                .evidence("reliability"),
        )
    }

    /// How sure it is, and how often it is right.
    fn sureness(&self) -> String {
        self.gap.map_or(String::new(), |found| {
            format!(
                "; sure of its decisions by {} on average, right in {}: {:+.1} points [{:+.1}, {:+.1}]",
                percent(found.sure),
                percent(found.right),
                100.0 * found.gap.value,
                100.0 * found.gap.low,
                100.0 * found.gap.high
            )
        })
    }

    fn metrics(&self) -> Vec<Metric> {
        let n = self.subject.n_rows() as u64;
        let wide = equal_width(
            &self.claims.probabilities,
            &self.claims.is_true,
            self.settings.bins,
        );
        let rate = |id: &str, title: &str, value: f64| {
            let metric = Metric::new(id, value, n).title(title);
            metric.unit("rate").at_most(None, None)
        };
        let mut metrics = vec![
            Metric::new("excess_calibration_error", self.excess(), n)
                .title("Calibration error beyond chance")
                .unit("rate")
                .at_most(
                    Some(self.settings.warn_above),
                    Some(self.settings.fail_above),
                ),
            rate(
                "ece",
                "Expected calibration error, equal mass",
                self.error(),
            ),
            Metric::new("ece_by_chance", self.chance.mean, n)
                .title("The same by chance")
                .unit("rate")
                .interval(0.0, self.chance.high, LEVEL, "drawn from the probabilities"),
            Metric::new("p_value", self.chance.p_value, n).title("p-value of the error"),
            rate(
                "ece_equal_width",
                "Expected calibration error, equal width",
                expected_error(&wide),
            ),
            rate(
                "mce",
                "Maximum calibration error, equal width",
                greatest_error(&wide),
            ),
            rate(
                "debiased_error",
                "Root mean squared calibration error, debiased",
                debiased_error(self.bins),
            ),
        ];
        let coefficient = |id: &str, title: &str, found: Coefficient, method: &str| {
            let metric = Metric::new(id, found.value, n).title(title);
            metric.interval(found.low, found.high, LEVEL, method)
        };
        if let Some(slope) = self.slope {
            let title = if self.subject.is_binary() {
                "Calibration slope"
            } else {
                "Calibration slope (power of all probabilities)"
            };
            metrics.push(coefficient("slope", title, slope, "Wald"));
        }
        if let Some(found) = self.gap {
            let title = "Sureness less accuracy (above 0: over-confident)";
            metrics.push(coefficient("confidence_gap", title, found.gap, "Student").unit("rate"));
        }
        if let Some(line) = self.line {
            let title = "Calibration in the large";
            metrics.push(coefficient("intercept", title, line.intercept, "Wald"));
            metrics.push(
                Metric::new("recalibration_p_value", line.p_value, n)
                    .title("p-value of slope 1 and intercept 0"),
            );
        }
        let parts = brier_parts(&wide);
        for (id, title, value) in [
            ("brier_reliability", "reliability", parts.reliability),
            ("brier_resolution", "resolution", parts.resolution),
            ("brier_uncertainty", "uncertainty", parts.uncertainty),
        ] {
            metrics.push(rate(id, &format!("Brier score: {title}"), value));
        }
        metrics
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let n_ends = self
            .claims
            .probabilities
            .iter()
            .filter(|p| **p <= 0.0 || **p >= 1.0)
            .count();
        if n_ends > 0 {
            notes.push(format!(
                "{n_ends} probabilities of exactly 0 or 1 were moved inside by {LOGIT_MARGIN} for slope and intercept."
            ));
        }
        if self.slope.is_none() {
            notes.push("No calibration slope: one outcome is absent, all probabilities are alike, or they separate the outcomes.".to_owned());
        }
        if !self.subject.is_binary() {
            notes.push(format!(
                "The slope is the power that sets the probabilities of all classes right (one over the temperature); those below {LEAST} count as that; at most {MAX_ENTRIES} of them are looked at, every so many rows."
            ));
        }
        notes
    }

    fn bounds(bin: &Bin) -> Bounds {
        wilson(bin.n_true, bin.rows.len() as u64, LEVEL).unwrap_or(Bounds {
            low: 0.0,
            high: 1.0,
        })
    }

    fn curve(&self) -> View {
        let observed = Series {
            name: "observed".to_owned(),
            points: self
                .bins
                .iter()
                .map(|bin| (bin.predicted, bin.observed()))
                .collect(),
            band: self
                .bins
                .iter()
                .map(|bin| {
                    let bounds = Self::bounds(bin);
                    (bounds.low, bounds.high)
                })
                .collect(),
        };
        let chart = Chart::Lines {
            x_axis: format!("probability of {}", self.claims.what),
            y_axis: "share that came true".to_owned(),
            series: vec![observed, views::line("right", vec![(0.0, 0.0), (1.0, 1.0)])],
            threshold: None,
        };
        View::new("reliability", "Reliability curve", chart).caption(
            "Bins of equally many rows, with Wilson's 95 % band. Below the diagonal probabilities are too high.",
        )
    }

    fn spread(&self) -> View {
        let bars = equal_width(&self.claims.probabilities, &self.claims.is_true, 10)
            .iter()
            .map(|bin| {
                let mut bar = Bar::new(percent(bin.predicted), bin.rows.len() as f64);
                bar.rows = Some(self.subject.table_rows(bin.rows.iter().copied()));
                bar
            })
            .collect();
        let chart = Chart::Bars {
            value_axis: "rows".to_owned(),
            bars,
            threshold: None,
        };
        View::new("spread", "Where the probabilities lie", chart)
            .caption("Bins of equal width, named by their mean probability; open one for its rows.")
    }

    fn table(&self) -> View {
        let rows = self
            .bins
            .iter()
            .map(|bin| {
                let bounds = Self::bounds(bin);
                let cells: Vec<Cell> = [
                    bin.rows.len() as f64,
                    bin.predicted,
                    bin.observed(),
                    bounds.low,
                    bounds.high,
                ]
                .map(Cell::from)
                .to_vec();
                TableRow {
                    cells,
                    rows: Some(self.subject.table_rows(bin.rows.iter().copied())),
                }
            })
            .collect();
        let columns = ["rows", "mean probability", "came true", "low", "high"];
        View::new(
            "bins",
            "Bins",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
    }
}
