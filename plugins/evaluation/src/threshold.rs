//! The check `evaluation.threshold`.
//!
//! In: the test rows, a binary model's probabilities, the threshold in use. Out: every figure over
//! all thresholds, the best one, and a warning if it surely gains more than a least gain.

use interlock_plugin_api::{
    Cell, Chart, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Role,
    Severity, TableRow, Verdict, View, check,
};
use interlock_stats::proportion::two_sided_quantile;
use serde::{Deserialize, Serialize};

use crate::judge::{Standing, at_most};
use crate::subject::{Answers, Classes, Subject};
use crate::threshold_choice::{Candidate, Choice, Criterion, Gain, N_FOLDS, Tally};
use crate::views;
use crate::wording::{
    LEVEL, MAX_POINTS, check_count, check_range, counted, failed, inconclusive, number,
};

/// Rows of either class below which nothing is judged.
const MIN_CLASS_ROWS: usize = 30;

/// The criteria that need no costs.
const FREE: [(&str, &str, Criterion); 4] = [
    ("mcc", "Matthews correlation", Criterion::Matthews),
    ("f1", "F1", Criterion::F1),
    (
        "balanced-accuracy",
        "balanced accuracy",
        Criterion::BalancedAccuracy,
    ),
    ("youden", "Youden's J", Criterion::Youden),
];

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// What is best: `mcc`, `f1`, `balanced-accuracy`, `youden` or `cost`.
    criterion: String,
    /// Cost of a negative row called positive, in any unit, 0 or more; for `cost`.
    cost_false_positive: f64,
    /// Cost of a positive row called negative, in the same unit, 0 or more; for `cost`.
    cost_false_negative: f64,
    /// Gain, 0 to 1, in the criterion's own unit (for `cost` the share of the cost that is saved)
    /// that is worth a change: beyond, with the whole interval, the check warns.
    min_gain: f64,
    /// Test rows below which nothing is judged, 100 or more.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            criterion: "mcc".to_owned(),
            cost_false_positive: 1.0,
            cost_false_negative: 1.0,
            min_gain: 0.05,
            min_rows: 200,
        }
    }
}

impl Settings {
    fn checked(&self) -> Result<(Criterion, &'static str), CheckError> {
        check_range("min_gain", self.min_gain, 0.0, 1.0)?;
        check_count("min_rows", self.min_rows, 100, usize::MAX)?;
        check_range(
            "cost_false_positive",
            self.cost_false_positive,
            0.0,
            f64::MAX,
        )?;
        check_range(
            "cost_false_negative",
            self.cost_false_negative,
            0.0,
            f64::MAX,
        )?;
        if self.criterion == "cost" {
            return Ok((
                Criterion::Cost {
                    false_positive: self.cost_false_positive,
                    false_negative: self.cost_false_negative,
                },
                "cost saved",
            ));
        }
        let found = FREE.iter().find(|(id, ..)| *id == self.criterion);
        found
            .map(|&(_, title, criterion)| (criterion, title))
            .ok_or_else(|| {
                let message = format!(
                    "criterion is '{}'; it is mcc, f1, balanced-accuracy, youden or cost",
                    self.criterion
                );
                CheckError::new(CheckErrorKind::BadParameter, message)
            })
    }
}

#[check(
    id = "evaluation.threshold",
    title = "Threshold",
    stage = "robustness",
    needs(test, model, target),
    codes(DQ128 = "another threshold serves better"),
    cost = "quick",
    docs = "threshold.md"
)]
pub(crate) fn threshold(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let (criterion, title) = settings.checked()?;
    let subject = Subject::of(ctx, Role::Test)?;
    let classes = match &subject.answers {
        Answers::Classes(classes) if classes.is_binary() => classes,
        Answers::Classes(_) | Answers::Numbers { .. } => {
            return Err(CheckError::missing_input(
                "only a model of two classes has a threshold",
            ));
        }
    };
    let is_positive: Vec<bool> = classes.truth.iter().map(|&class| class == 1).collect();
    let n_positive = is_positive.iter().filter(|&&positive| positive).count();
    let least = n_positive.min(subject.n_rows() - n_positive);
    if subject.n_rows() < settings.min_rows || least < MIN_CLASS_ROWS {
        let summary = format!(
            "{} test rows, {least} of the rarer class, are too few to judge a threshold; {} with {MIN_CLASS_ROWS} of either class would do",
            subject.n_rows(),
            settings.min_rows
        );
        return Ok(inconclusive(summary, &subject.notes));
    }
    let z = two_sided_quantile(LEVEL).map_err(failed)?;
    let choice = Choice::new(
        &classes.probabilities,
        &is_positive,
        classes.threshold,
        ctx.seed(),
    );
    let report = Report {
        settings: &settings,
        criterion,
        title,
        subject: &subject,
        classes,
        all: choice.all(),
        used: choice.in_use(),
        best: choice.best(criterion),
        gain: choice.gain(criterion, z),
        choice: &choice,
        z,
    };
    let mut outcome = report.outcome();
    outcome.notes.splice(0..0, subject.notes.iter().cloned());
    Ok(outcome)
}

struct Report<'r> {
    settings: &'r Settings,
    criterion: Criterion,
    title: &'static str,
    subject: &'r Subject,
    classes: &'r Classes,
    /// Ascending thresholds.
    all: Vec<Candidate>,
    used: Candidate,
    best: Candidate,
    gain: Gain,
    choice: &'r Choice,
    z: f64,
}

/// The score as people read it: a mean cost is positive.
fn shown(criterion: Criterion, tally: &Tally) -> f64 {
    match criterion {
        // Not -0.
        Criterion::Cost { .. } => 0.0 - tally.score(criterion),
        _ => tally.score(criterion),
    }
}

impl Report<'_> {
    fn outcome(&self) -> Outcome {
        let limit = self.settings.min_gain;
        let standing = at_most(self.gain.value, self.gain.bounds, limit, true);
        let (verdict, findings) = match standing {
            Standing::Crossed => (Verdict::Warn, vec![self.finding()]),
            Standing::Unsure => (Verdict::Inconclusive, Vec::new()),
            Standing::Met => (Verdict::Pass, Vec::new()),
        };
        let summary = match (findings.first(), standing) {
            (Some(finding), _) => finding.title.clone(),
            (None, Standing::Unsure) => format!(
                "{}: whether that is more than {} takes more than {}",
                self.words(),
                number(limit),
                counted(self.subject.n_rows(), "row")
            ),
            (None, _) => format!(
                "the threshold {} is as good as any within {}: {}",
                number(self.used.threshold),
                number(limit),
                self.words()
            ),
        };
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics();
        outcome.findings = findings;
        outcome.notes = self.notes();
        outcome = outcome.view(self.curves());
        if let Criterion::Cost { .. } = self.criterion {
            outcome = outcome.view(self.costs());
        }
        outcome.view(self.table()).view(self.decisions())
    }

    fn name(candidate: &Candidate) -> String {
        let called = candidate.tally.true_positive + candidate.tally.false_positive;
        if called > 0.0 {
            number(candidate.threshold)
        } else {
            format!("above {} (no row is positive)", number(candidate.threshold))
        }
    }

    fn words(&self) -> String {
        format!(
            "{} instead of {} gains {} [{}, {}] in {} on {} test rows",
            Self::name(&self.best),
            number(self.used.threshold),
            number(self.gain.value),
            number(self.gain.bounds.low),
            number(self.gain.bounds.high),
            self.title,
            self.subject.n_rows()
        )
    }

    fn finding(&self) -> Finding {
        let (one, other) = (self.best.threshold, self.used.threshold);
        let (low, high) = (one.min(other), one.max(other));
        let turned = self.classes.probabilities.iter().enumerate();
        let turned = turned.filter(|(_, p)| low <= **p && **p < high);
        let (used, best) = (&self.used.tally, &self.best.tally);
        Finding::new("DQ128", Severity::Warning, format!("threshold {}", self.words()))
            .because("The model ranks the rows; the threshold makes decisions of them. 0.5 is best only if both mistakes cost the same and the probabilities are right.")
            .advice(format!(
                "Set the threshold to about {} in the project file and in production, if {} is what counts: {:.0} instead of {:.0} of {:.0} positive rows are found, {:.0} instead of {:.0} rows are called positive wrongly. If you know what either mistake costs, set criterion = \"cost\" with both costs.",
                number(one),
                self.title,
                best.true_positive,
                used.true_positive,
                used.true_positive + used.false_negative,
                best.false_positive,
                used.false_positive,
            ))
            .rows(self.subject.table_rows(turned.map(|(row, _)| row)))
            .evidence("thresholds")
    }

    fn metrics(&self) -> Vec<Metric> {
        let n = self.subject.n_rows() as u64;
        let metric = |id: &str, title: String, value: f64| Metric::new(id, value, n).title(title);
        let bounds = self.gain.bounds;
        let what = self.title;
        let (in_use, at_best) = match self.criterion {
            Criterion::Cost { .. } => (
                "Mean cost per row in use".to_owned(),
                "Mean cost per row at the best threshold, same rows".to_owned(),
            ),
            _ => (
                format!("{what} in use"),
                format!("{what} at the best threshold, same rows"),
            ),
        };
        vec![
            metric(
                "gain",
                format!("Gain in {what} on rows not chosen on"),
                self.gain.value,
            )
            .interval(
                bounds.low,
                bounds.high,
                LEVEL,
                format!("jackknife over rows, {N_FOLDS}-fold cross-fitting"),
            )
            .at_most(Some(self.settings.min_gain), None),
            metric(
                "best_threshold",
                "Best threshold".to_owned(),
                self.best.threshold,
            ),
            metric(
                "threshold",
                "Threshold in use".to_owned(),
                self.used.threshold,
            ),
            metric("in_use", in_use, shown(self.criterion, &self.used.tally)),
            metric("at_best", at_best, shown(self.criterion, &self.best.tally)),
        ]
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "The gain is measured on rows the threshold was not chosen on: each tenth of the rows is decided by the threshold that is best on the other nine. These lay between {} and {}.",
            number(self.gain.least),
            number(self.gain.greatest)
        )];
        notes.push("ROC and precision-recall curves: see evaluation.performance.".to_owned());
        if self.all.len() >= crate::threshold_choice::MAX_CANDIDATES {
            notes.push(format!(
                "{} thresholds were tried, quantiles of the probabilities.",
                self.all.len()
            ));
        }
        notes
    }

    fn curves(&self) -> View {
        let stride = self.all.len().div_ceil(MAX_POINTS).max(1);
        let line = |name: &str, of: &dyn Fn(&Tally) -> f64| {
            let points = self.all.iter().step_by(stride);
            views::line(
                name,
                points.map(|own| (own.threshold, of(&own.tally))).collect(),
            )
        };
        let series = vec![
            line("precision", &Tally::precision),
            line("recall", &Tally::recall),
            line("F1", &|tally| tally.score(Criterion::F1)),
            line("Matthews", &|tally| tally.score(Criterion::Matthews)),
        ];
        let chart = Chart::Lines {
            x_axis: format!("threshold of '{}'", self.classes.names[1]),
            y_axis: "rate".to_owned(),
            series,
            threshold: None,
        };
        View::new("thresholds", "Figures over all thresholds", chart).caption(format!(
            "In use: {}; best {} on these rows: {}.",
            number(self.used.threshold),
            self.title,
            Self::name(&self.best)
        ))
    }

    fn costs(&self) -> View {
        let stride = self.all.len().div_ceil(MAX_POINTS).max(1);
        let points = self.all.iter().step_by(stride);
        let points = points.map(|own| (own.threshold, shown(self.criterion, &own.tally)));
        let chart = Chart::Lines {
            x_axis: format!("threshold of '{}'", self.classes.names[1]),
            y_axis: "mean cost per row".to_owned(),
            series: vec![views::line("cost", points.collect())],
            threshold: None,
        };
        View::new("costs", "Cost over all thresholds", chart)
    }

    /// Every criterion beside the chosen one.
    fn table(&self) -> View {
        let mut listed: Vec<(&str, Criterion)> = FREE
            .iter()
            .map(|&(_, title, criterion)| (title, criterion))
            .collect();
        if let Criterion::Cost { .. } = self.criterion {
            listed.push(("mean cost per row", self.criterion));
        }
        let rows = listed
            .into_iter()
            .map(|(title, criterion)| {
                let best = self.choice.best(criterion);
                let gain = self.choice.gain(criterion, self.z);
                let numbers = [
                    best.threshold,
                    shown(criterion, &best.tally),
                    shown(criterion, &self.used.tally),
                    gain.value,
                    gain.bounds.low,
                    gain.bounds.high,
                ];
                let mut cells: Vec<Cell> = vec![title.into()];
                cells.extend(numbers.map(Cell::from));
                TableRow::new(cells)
            })
            .collect();
        let columns = [
            "criterion",
            "best threshold",
            "there",
            "in use",
            "gain",
            "low",
            "high",
        ];
        let chart = Chart::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        };
        View::new("criteria", "Best threshold by each criterion", chart)
            .caption("Gain and interval are of rows the threshold was not chosen on; only the set criterion is judged. For costs the gain is the share that is saved.")
    }

    fn decisions(&self) -> View {
        let row = |name: &str, candidate: &Candidate| {
            let tally = &candidate.tally;
            let numbers = [
                candidate.threshold,
                tally.true_positive,
                tally.false_positive,
                tally.false_negative,
                tally.true_negative,
                tally.precision(),
                tally.recall(),
            ];
            let mut cells: Vec<Cell> = vec![name.into()];
            cells.extend(numbers.map(Cell::from));
            TableRow::new(cells)
        };
        let columns = [
            "",
            "threshold",
            "true positive",
            "false positive",
            "false negative",
            "true negative",
            "precision",
            "recall",
        ];
        let chart = Chart::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows: vec![row("in use", &self.used), row("best", &self.best)],
        };
        View::new("decisions", "Decisions of both thresholds", chart)
    }
}
