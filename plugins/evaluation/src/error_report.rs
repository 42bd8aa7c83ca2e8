//! Errors of predicted numbers in words and charts.
//!
//! In: the shape of the errors, what explains them. Out: an outcome. Computes nothing.

use interlock_plugin_api::{
    Cell, Chart, Finding, Metric, Outcome, Severity, TableRow, Verdict, View,
};
use interlock_stats::proportion::Bounds;

use crate::dependence::Explained;
use crate::error_shape::{Deciles, Estimated, FAR, Shape};
use crate::error_views;
use crate::inputs::Inputs;
use crate::judge::{Standing, at_least, at_most};
use crate::subject::Subject;
use crate::wording::{self, LEVEL, counted, number, percent, shortened};

/// Skewness of either sign from which, with the whole interval, errors are called askew.
const NOTE_SKEWNESS: f64 = 1.0;

/// What may foretell an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The prediction, in tenths.
    Prediction,
    /// The column of this position.
    Column(usize),
}

/// What turns the verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Mean error relative to the RMSE, either way.
    pub(crate) bias: f64,
    /// Share of errors far out.
    pub(crate) far: f64,
    /// Share of the squared error that is explained.
    pub(crate) explained: f64,
    /// Width at one end of the predictions relative to the other.
    pub(crate) spread: f64,
}

/// What was found.
pub(crate) struct Report<'r> {
    pub(crate) limits: Limits,
    pub(crate) subject: &'r Subject,
    pub(crate) errors: &'r [f64],
    pub(crate) predicted: &'r [f64],
    pub(crate) shape: &'r Shape,
    pub(crate) deciles: &'r Deciles,
    pub(crate) inputs: &'r Inputs,
    /// What explains most first.
    pub(crate) sources: &'r [(Source, Explained)],
    /// Of what explains.
    pub(crate) level: f64,
}

fn ends(bounds: Option<Bounds>, shown: impl Fn(f64) -> String) -> String {
    bounds.map_or(String::new(), |bounds| {
        format!(" [{}, {}]", shown(bounds.low), shown(bounds.high))
    })
}

/// Whether an estimate lies beyond a limit on either side.
fn beyond(found: &Estimated, low: f64, high: f64) -> Standing {
    let Some(bounds) = found.bounds else {
        return Standing::Met;
    };
    let sides = [
        at_least(found.value, bounds, low, true),
        at_most(found.value, bounds, high, true),
    ];
    for standing in [Standing::Crossed, Standing::Unsure] {
        if sides.contains(&standing) {
            return standing;
        }
    }
    Standing::Met
}

impl Report<'_> {
    pub(crate) fn outcome(&self) -> Outcome {
        let mut findings = Vec::new();
        let mut open = Vec::new();
        for judged in [self.bias(), self.far(), self.spread()] {
            match judged {
                Ok(finding) => findings.extend(finding),
                Err(question) => open.push(question),
            }
        }
        for (source, found) in self.sources {
            match at_most(found.value, found.bounds, self.limits.explained, true) {
                Standing::Crossed => findings.push(self.explained(*source, found)),
                Standing::Unsure => open.push(format!(
                    "{} explains {}{} of the squared error",
                    self.name(*source),
                    percent(found.value),
                    ends(Some(found.bounds), percent)
                )),
                Standing::Met => {}
            }
        }
        findings.extend(self.skewness());
        wording::sort_by_severity(&mut findings);
        let otherwise = if open.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        let verdict = wording::verdict(&findings, otherwise);
        let mut outcome = Outcome::new(verdict, self.summary(verdict, &findings, &open));
        outcome.metrics = self.metrics();
        outcome.findings = findings;
        outcome
            .view(error_views::histogram(
                self.subject,
                self.errors,
                self.shape,
            ))
            .view(error_views::by_decile(
                self.subject,
                self.shape,
                self.deciles,
            ))
            .view(error_views::residuals(
                self.subject,
                self.predicted,
                self.errors,
            ))
            .view(self.table())
    }

    fn summary(&self, verdict: Verdict, findings: &[Finding], open: &[String]) -> String {
        match (verdict, findings, open) {
            (Verdict::Inconclusive, _, [first, ..]) => {
                format!("{first}: more than {} rows would tell", self.errors.len())
            }
            (Verdict::Warn | Verdict::Fail, [first], _) => first.title.clone(),
            (Verdict::Warn | Verdict::Fail, [first, rest @ ..], _) => {
                format!("{}; and {} more", first.title, rest.len())
            }
            _ => format!(
                "mean error {}{}, RMSE {}, no column or prediction foretells the errors of {}",
                number(self.shape.mean.value),
                ends(self.shape.mean.bounds, number),
                number(self.shape.rmse),
                counted(self.errors.len(), "test row")
            ),
        }
    }

    fn worst_rows(&self, is_wanted: impl Fn(f64) -> bool) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.errors.len())
            .filter(|&row| is_wanted(self.errors[row]))
            .collect();
        let size = |row: &usize| self.errors[*row].abs();
        rows.sort_unstable_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
        rows.truncate(100);
        rows.sort_unstable();
        rows
    }

    /// DQ129: the mean error is surely a large part of the RMSE.
    fn bias(&self) -> Result<Option<Finding>, String> {
        let (shape, limit) = (self.shape, self.limits.bias);
        let title = format!(
            "predictions are too {} by {}{} on average, {}{} of the RMSE ({})",
            if shape.mean.value > 0.0 {
                "high"
            } else {
                "low"
            },
            number(shape.mean.value.abs()),
            ends(
                shape.mean.bounds.map(|bounds| {
                    if shape.mean.value > 0.0 {
                        bounds
                    } else {
                        Bounds {
                            low: -bounds.high,
                            high: -bounds.low,
                        }
                    }
                }),
                number
            ),
            number(shape.bias.value),
            ends(shape.bias.bounds, number),
            counted(self.errors.len(), "test row"),
        );
        match beyond(&shape.bias, -limit, limit) {
            Standing::Met => Ok(None),
            Standing::Unsure => Err(title),
            Standing::Crossed => {
                let is_high = shape.mean.value > 0.0;
                let rows = self.worst_rows(|error| (error > 0.0) == is_high);
                Ok(Some(
                    Finding::new("DQ129", Severity::Warning, title)
                        .because("An error that always leans to one side adds up: in sums, stocks and budgets it does not average out.")
                        .advice("Compare the target's mean in training and test: if it moved, the model must be trained anew. Else look for a target that was transformed in training and not turned back, or a loss that is not the squared error. Subtracting the mean error mends it for now.")
                        .rows(self.subject.table_rows(rows))
                        .evidence("errors"),
                ))
            }
        }
    }

    /// DQ130: surely too many errors far out.
    fn far(&self) -> Result<Option<Finding>, String> {
        let shape = self.shape;
        let title = format!(
            "{}{} of errors lie more than {FAR} robust standard deviations ({}) from the median and make {} of the squared error ({})",
            percent(shape.far.value),
            ends(shape.far.bounds, percent),
            number(shape.robust_deviation),
            percent(shape.far_part),
            counted(shape.far_rows.len(), "row"),
        );
        match beyond(&shape.far, f64::NEG_INFINITY, self.limits.far) {
            Standing::Met => Ok(None),
            Standing::Unsure => Err(title),
            Standing::Crossed => Ok(Some(
                Finding::new("DQ130", Severity::Warning, title)
                    .because("A few errors decide the RMSE, and training on squared errors bends the model to them. Of normal errors not one in a million lies that far out.")
                    .advice("Open the rows: wrong targets, other units, a kind of row the model has not seen? If they are right, train on a robust loss or a transformed target, and judge by the median absolute error.")
                    .rows(self.subject.table_rows(shape.far_rows.iter().copied()))
                    .evidence("errors"),
            )),
        }
    }

    /// DQ130, as a note: errors are askew.
    fn skewness(&self) -> Option<Finding> {
        let skewness = &self.shape.skewness;
        if beyond(skewness, -NOTE_SKEWNESS, NOTE_SKEWNESS) != Standing::Crossed {
            return None;
        }
        let is_high = skewness.value > 0.0;
        let title = format!(
            "errors are askew: skewness {}{}, the large ones are predictions too {}",
            number(skewness.value),
            ends(skewness.bounds, number),
            if is_high { "high" } else { "low" }
        );
        let center = self.shape.median;
        let rows = self.worst_rows(|error| (error > center) == is_high);
        Some(
            Finding::new("DQ130", Severity::Note, title)
                .because("The mean error is not the usual one, and symmetric intervals around a prediction are wrong on both sides.")
                .advice("A transformed target (logarithm) often makes errors symmetric.")
                .rows(self.subject.table_rows(rows))
                .evidence("errors"),
        )
    }

    /// DQ131: errors surely lie wider at one end of the predictions.
    fn spread(&self) -> Result<Option<Finding>, String> {
        let Some(ratio) = &self.deciles.ratio else {
            return Ok(None);
        };
        let limit = self.limits.spread;
        let title = format!(
            "errors lie {}{} times as wide at the highest tenth of predictions as at the lowest",
            number(ratio.value),
            ends(ratio.bounds, number),
        );
        match beyond(ratio, 1.0 / limit, limit) {
            Standing::Met => Ok(None),
            Standing::Unsure => Err(title),
            Standing::Crossed => {
                let at = if ratio.value > 1.0 {
                    self.deciles.rows.last()
                } else {
                    self.deciles.rows.first()
                };
                let rows = at.into_iter().flatten().copied();
                Ok(Some(
                    Finding::new("DQ131", Severity::Warning, title)
                        .because("One RMSE for all rows promises too much at one end and too little at the other, and intervals of one width are wrong nearly everywhere.")
                        .advice("Say the error relative to the prediction, or train on the logarithm of the target; for intervals use quantile regression or conformal prediction that adapts.")
                        .rows(self.subject.table_rows(rows))
                        .evidence("deciles"),
                ))
            }
        }
    }

    fn name(&self, source: Source) -> String {
        match source {
            Source::Prediction => "the prediction".to_owned(),
            Source::Column(at) => format!("'{}'", shortened(&self.inputs.searched[at].name)),
        }
    }

    /// DQ131: bin means surely explain errors.
    fn explained(&self, source: Source, found: &Explained) -> Finding {
        let title = format!(
            "{} foretells errors: its bins explain {}{} of the squared error ({})",
            self.name(source),
            percent(found.value),
            ends(Some(found.bounds), percent),
            counted(self.errors.len(), "test row"),
        );
        let (finding, bins, evidence) = match source {
            Source::Prediction => (
                Finding::new("DQ131", Severity::Warning, title)
                    .advice("Look at the mean error by tenths: too high at the top and too low at the bottom is overfitting; the other way round is shrinkage, as regularized models and forests show. Recalibrate on held-out rows (isotonic or a line)."),
                &self.deciles.places,
                "deciles",
            ),
            Source::Column(at) => (
                Finding::new("DQ131", Severity::Warning, title)
                    .advice("Let the model see the column, or more of it: finer splits, an interaction, a transformed input. If it is an input already, the model is too simple or too regularized there, or the column means something else than in training.")
                    .column(&self.inputs.searched[at].name),
                &self.inputs.binned[at].bins,
                "explained",
            ),
        };
        finding
            .because("What can be foreseen of an error can be taken away: the model leaves something unused.")
            .rows(self.subject.table_rows(self.worst_bin(bins)))
            .evidence(evidence)
    }

    /// The rows of the bin whose mean error is farthest from the overall mean, for its size.
    fn worst_bin(&self, bins: &[usize]) -> Vec<usize> {
        let n_bins = bins.iter().max().map_or(0, |last| last + 1);
        let mut sums = vec![(0.0, 0.0); n_bins];
        for (&bin, error) in bins.iter().zip(self.errors) {
            sums[bin].0 += 1.0;
            sums[bin].1 += error - self.shape.mean.value;
        }
        let size = |bin: &usize| {
            let (n, sum): (f64, f64) = sums[*bin];
            if n > 0.0 { sum * sum / n } else { 0.0 }
        };
        let worst = (0..n_bins).max_by(|a, b| size(a).total_cmp(&size(b)));
        let own = (0..bins.len()).filter(|&row| Some(bins[row]) == worst);
        own.collect()
    }

    fn metrics(&self) -> Vec<Metric> {
        let n = self.errors.len() as u64;
        let (shape, limits) = (self.shape, self.limits);
        let metric = |id: &str, title: &str, found: &Estimated, method: &str| {
            let metric = Metric::new(id, found.value, n).title(title);
            match found.bounds {
                Some(bounds) => metric.interval(bounds.low, bounds.high, LEVEL, method),
                None => metric,
            }
        };
        let mut metrics = vec![
            metric(
                "mean_error",
                "Mean error (prediction minus target)",
                &shape.mean,
                "Student",
            ),
            Metric::new("rmse", shape.rmse, n).title("RMSE"),
            metric(
                "bias",
                "Mean error relative to RMSE",
                &shape.bias,
                "delta method",
            ),
            Metric::new("median_error", shape.median, n).title("Median error"),
            metric("far_share", "Share of errors far out", &shape.far, "Wilson")
                .unit("rate")
                .at_most(Some(limits.far), None),
            Metric::new("far_part", shape.far_part, n)
                .title("Their part of the squared error")
                .unit("rate"),
            metric("skewness", "Skewness", &shape.skewness, "grouped jackknife"),
            metric(
                "excess_kurtosis",
                "Excess kurtosis",
                &shape.excess_kurtosis,
                "grouped jackknife",
            ),
        ];
        if let Some(ratio) = &self.deciles.ratio {
            metrics.push(metric(
                "spread_ratio",
                "Spread of errors, highest tenth of predictions to lowest",
                ratio,
                "delta method",
            ));
        }
        if let Some(p_value) = self.deciles.p_value {
            let metric = Metric::new("spread_p_value", p_value, n);
            metrics.push(metric.title("p-value of equal spread in all tenths"));
        }
        for (source, found) in self.sources.iter().take(20) {
            let metric = Metric::new("explained", found.value, n)
                .title("Share of the squared error explained")
                .unit("rate")
                .interval(
                    found.bounds.low,
                    found.bounds.high,
                    self.level,
                    "cross-fitted, normal",
                )
                .at_most(Some(limits.explained), None);
            metrics.push(match source {
                Source::Prediction => metric.group("prediction"),
                Source::Column(at) => metric.column(&self.inputs.searched[*at].name),
            });
        }
        metrics
    }

    fn table(&self) -> View {
        let rows = self
            .sources
            .iter()
            .map(|(source, found)| {
                let name = match source {
                    Source::Prediction => "prediction".to_owned(),
                    Source::Column(at) => self.inputs.searched[*at].name.clone(),
                };
                let mut cells: Vec<Cell> = vec![name.into()];
                let numbers = [found.value, found.bounds.low, found.bounds.high];
                cells.extend(numbers.map(Cell::from));
                TableRow::new(cells)
            })
            .collect();
        let columns = ["bins of", "share explained", "low", "high"];
        let chart = Chart::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        };
        View::new("explained", "What explains the squared error", chart)
            .caption("Measured on rows that did not give the bins' means: 0 or below is nothing.")
    }
}
