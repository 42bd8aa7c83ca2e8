//! The check `evaluation.boosting-overfit`.
//!
//! In: the trees of the model, training and test rows. Out: how the error goes as trees are added,
//! and whether the last ones make it worse on rows the model has not seen.

use interlock_plugin_api::ensemble::TreeEnsemble;
use interlock_plugin_api::{
    Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, Verdict, View,
    check,
};
use interlock_stats::moments::mean;
use interlock_stats::proportion::Bounds;
use serde::{Deserialize, Serialize};

use crate::course::{best, rise};
use crate::judge::{Standing, at_most};
use crate::readable::{codes, is_forest, is_same};
use crate::subject::{Answers, Subject};
use crate::trees::{Growing, is_whole};
use crate::views;
use crate::wording::{
    LEVEL, MIN_ROWS, check_count, check_range, inconclusive, number, percent, verdict,
};

/// Walks of a tree, over rows and trees, per table.
const MAX_WALKS: usize = 1_000_000;

/// Rows by which trees are told to be a forest or not.
const MAX_VOTERS: usize = 1000;

/// Numbers of trees that are looked at.
const N_STOPS: usize = 60;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share, 0 to 10, by which the test error with all trees may exceed that at the best number of
    /// trees; beyond, with the whole interval, the check warns.
    warn_above: f64,
    /// Test rows below which a limit inside an interval leaves the verdict open.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.05,
            min_rows: 200,
        }
    }
}

/// Errors of one table as trees are added.
struct Course {
    /// Squared error per row, one list per stop.
    losses: Vec<Vec<f64>>,
    /// What all trees predict.
    last: Vec<f64>,
}

#[check(
    id = "evaluation.boosting-overfit",
    title = "Overfit by number of trees",
    stage = "robustness",
    needs(train, test, model, target),
    codes(DQ134 = "the last trees make the model worse"),
    cost = "moderate",
    docs = "boosting_overfit.md"
)]
pub(crate) fn boosting_overfit(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("warn_above", settings.warn_above, 0.0, 10.0)?;
    check_count("min_rows", settings.min_rows, MIN_ROWS, usize::MAX)?;
    let model = ctx.model()?;
    let Some(trees) = model.ensemble()? else {
        return Err(CheckError::missing_input("the model shows no trees"));
    };
    if !is_whole(&trees) || trees.features != model.facts().features {
        let summary = "cannot tell: the trees do not take the inputs that the model takes";
        return Ok(inconclusive(summary, &[]));
    }
    let max_rows = (MAX_WALKS / trees.tree_starts.len()).max(200);
    let train = Subject::sample_of(ctx, Role::Train, max_rows)?;
    let test = Subject::sample_of(ctx, Role::Test, max_rows)?;
    let mut notes = [train.notes.as_slice(), &test.notes].concat();
    let stops = stops(&trees);
    if test.n_rows() < MIN_ROWS || train.n_rows() < 2 || stops.len() < 2 {
        let summary = format!(
            "{} test rows and {} trees; it takes at least {MIN_ROWS} rows and 2 trees",
            test.n_rows(),
            trees.tree_starts.len()
        );
        return Ok(inconclusive(summary, &notes));
    }
    ctx.progress(0.1, "reading the trees");
    let read = |subject: &Subject| -> Result<Result<Vec<Vec<f64>>, String>, CheckError> {
        let features = ctx
            .table(subject.role)?
            .features_at(&model, &subject.rows)?;
        let codes = codes(&model, &trees, &features)?;
        Ok(codes.map(|codes| codes.columns(&features)))
    };
    let (train_columns, test_columns) = match (read(&train)?, read(&test)?) {
        (Ok(train), Ok(test)) => (train, test),
        (Err(reason), _) | (_, Err(reason)) => {
            let summary = format!("cannot walk the trees: {reason}");
            return Ok(inconclusive(summary, &notes));
        }
    };
    let is_forest = is_forest(&trees, &test_columns, test.n_rows().min(MAX_VOTERS));
    notes.push(
        if is_forest {
            "The trees vote with equal weight (a forest): fewer trees are taken as their own mean."
        } else {
            "The trees add up (boosting): fewer trees are the model as it was in training by then."
        }
        .to_owned(),
    );
    let walked = |subject: &Subject, columns: &[Vec<f64>]| {
        course(&trees, subject, columns, (&stops, is_forest))
            .ok_or_else(|| CheckError::failed("the trees do not hold together"))
    };
    ctx.progress(0.3, "adding tree after tree, test rows");
    let test_course = walked(&test, &test_columns)?;
    if !is_same(&test_course.last, &predicted(&test)) {
        let summary = "cannot tell: the trees, walked here, do not predict what the model predicts";
        return Ok(inconclusive(summary, &notes));
    }
    ctx.progress(0.6, "adding tree after tree, training rows");
    let train_course = walked(&train, &train_columns)?;
    let report = Report {
        settings: &settings,
        stops: &stops,
        courses: (&train_course, &test_course),
        is_classes: matches!(test.answers, Answers::Classes(_)),
    };
    let mut outcome = report.outcome(ctx.seed());
    outcome.notes = notes;
    Ok(outcome)
}

/// Numbers of trees to stop at: whole rounds of one tree per output, the last is all.
fn stops(trees: &TreeEnsemble) -> Vec<usize> {
    let n_trees = trees.tree_starts.len();
    let is_joint = trees.tree_outputs.contains(&TreeEnsemble::ALL_OUTPUTS);
    let per_round = if is_joint {
        1
    } else {
        trees.n_outputs as usize
    };
    let n_rounds = n_trees / per_round.max(1);
    let stride = n_rounds.div_ceil(N_STOPS).max(1);
    let mut stops: Vec<usize> = (1..=n_rounds)
        .filter(|round| (n_rounds - round).is_multiple_of(stride))
        .map(|round| round * per_round)
        .collect();
    if let Some(last) = stops.last_mut() {
        *last = n_trees;
    }
    stops
}

fn predicted(subject: &Subject) -> Vec<f64> {
    match &subject.answers {
        Answers::Classes(classes) => classes.probabilities.clone(),
        Answers::Numbers { predicted, .. } => predicted.clone(),
    }
}

fn course(
    trees: &TreeEnsemble,
    subject: &Subject,
    columns: &[Vec<f64>],
    (stops, is_forest): (&[usize], bool),
) -> Option<Course> {
    let mut growing = Growing::new(trees, subject.n_rows(), is_forest);
    let mut losses = Vec::with_capacity(stops.len());
    let mut n_grown = 0;
    let mut last = Vec::new();
    for &stop in stops {
        while n_grown < stop {
            growing.grow(columns)?;
            n_grown += 1;
        }
        last = growing.predictions();
        losses.push(squares(subject, &last));
    }
    Some(Course { losses, last })
}

/// Squared error per row: of a number, or of the probabilities (Brier).
fn squares(subject: &Subject, figures: &[f64]) -> Vec<f64> {
    match &subject.answers {
        Answers::Classes(classes) => {
            let mut own = classes.classified();
            own.probabilities = figures;
            (0..subject.n_rows()).map(|row| own.brier(row)).collect()
        }
        Answers::Numbers { truth, .. } => figures
            .iter()
            .zip(truth)
            .map(|(figure, truth)| (figure - truth).powi(2))
            .collect(),
    }
}

struct Report<'r> {
    settings: &'r Settings,
    stops: &'r [usize],
    courses: (&'r Course, &'r Course),
    is_classes: bool,
}

impl Report<'_> {
    fn name(&self) -> &'static str {
        if self.is_classes {
            "Brier score"
        } else {
            "mean squared error"
        }
    }

    fn outcome(&self, seed: u64) -> Outcome {
        let last = self.stops.len() - 1;
        let best = best(&self.courses.1.losses);
        let (rise, bounds) = rise(&self.courses.1.losses, seed);
        let n_trees = self.stops[last];
        let test = self.courses.1;
        let n_test = test.losses[0].len();
        let name = self.name();
        let has_enough_rows = n_test >= self.settings.min_rows;
        let limit = self.settings.warn_above;
        let standing = bounds
            .filter(|bounds| bounds.low.is_finite() && bounds.high.is_finite())
            .map(|bounds| at_most(rise, bounds, limit, has_enough_rows));
        let mut findings = Vec::new();
        if let (Some(Standing::Crossed), Some(bounds)) = (standing, bounds) {
            let title = format!(
                "test {name} is {} [{}, {}] higher with all {n_trees} trees than with the first {} ({n_test} rows)",
                percent(rise),
                percent(bounds.low),
                percent(bounds.high),
                self.stops[best]
            );
            findings.push(
                Finding::new("DQ134", Severity::Warning, title)
                    .because("The later trees learn what is peculiar to the training rows: their error falls on, that of other rows rises.")
                    .advice("Stop earlier (early stopping on held-out rows), lower the learning rate, or make the trees smaller.")
                    .evidence("course"),
            );
        }
        let otherwise = match standing {
            Some(Standing::Met | Standing::Crossed) => Verdict::Pass,
            Some(Standing::Unsure) | None => Verdict::Inconclusive,
        };
        let verdict = verdict(&findings, otherwise);
        let summary = match findings.first() {
            Some(finding) => finding.title.clone(),
            None if verdict == Verdict::Inconclusive => format!(
                "cannot tell whether fewer than {n_trees} trees do better by more than {}: {} on {n_test} test rows; it takes more",
                percent(limit),
                described(rise, bounds)
            ),
            None => format!(
                "all {n_trees} trees do as well as fewer: test {name} {}, best {} with {}",
                number(error(test, last)),
                number(error(test, best)),
                self.stops[best]
            ),
        };
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics(best, rise, bounds);
        outcome.findings = findings;
        outcome.view(self.picture())
    }

    fn metrics(&self, best: usize, rise: f64, bounds: Option<Bounds>) -> Vec<Metric> {
        let (train, test) = self.courses;
        let name = self.name();
        let last = self.stops.len() - 1;
        let n_test = test.losses[0].len() as u64;
        let mut first = Metric::new("rise", rise, n_test)
            .title("Rise of the test error from the best number of trees")
            .unit("rate")
            .at_most(Some(self.settings.warn_above), None);
        if let Some(bounds) = bounds {
            let method = "Student, paired, best number chosen on the other half";
            first = first.interval(bounds.low, bounds.high, LEVEL, method);
        }
        let trees = |id: &str, title: &str, at: usize| {
            Metric::new(id, self.stops[at] as f64, n_test)
                .title(title)
                .unit("trees")
        };
        let of = |id: &str, title: String, course: &Course| {
            Metric::new(id, error(course, last), course.losses[0].len() as u64)
                .title(title)
                .at_most(None, None)
        };
        vec![
            first,
            trees("best_trees", "Best number of trees", best),
            trees("trees", "Trees", last),
            of("train_error", format!("Training {name}"), train),
            of("test_error", format!("Test {name}"), test),
        ]
    }

    fn picture(&self) -> View {
        let (train, test) = self.courses;
        let line = |label: &str, course: &Course| {
            let points = self.stops.iter().enumerate();
            let points = points.map(|(at, &stop)| (stop as f64, error(course, at)));
            views::line(label, points.collect())
        };
        let chart = Chart::Lines {
            x_axis: "trees".to_owned(),
            y_axis: self.name().to_owned(),
            series: vec![line("train", train), line("test", test)],
            threshold: None,
        };
        View::new("course", "Error by number of trees", chart).caption(
            "Overfit begins where the test line turns up while the training line falls on.",
        )
    }
}

fn described(rise: f64, bounds: Option<Bounds>) -> String {
    match bounds {
        Some(bounds) => format!(
            "{} [{}, {}]",
            percent(rise),
            percent(bounds.low),
            percent(bounds.high)
        ),
        None => "a rise without interval".to_owned(),
    }
}

/// Mean squared error at a stop.
fn error(course: &Course, at: usize) -> f64 {
    mean(&course.losses[at]).unwrap_or(f64::NAN)
}
