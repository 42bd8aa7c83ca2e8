//! The figures of a subject with their intervals.
//!
//! In: a subject, a plan. Out: an [`Estimate`] per figure: Wilson's interval for shares of rows,
//! DeLong's for the area under the ROC curve, the bootstrap for the rest.

use interlock_plugin_api::{CheckError, Metric};
use interlock_stats::auc::delong;
use interlock_stats::proportion::{Bounds, two_sided_quantile, wilson};

use crate::confusion::Confusion;
use crate::figures::{CLASS_FIGURES, Figure, NUMBER_FIGURES};
use crate::ranking::Area;
use crate::resampling::{Plan, estimates};
use crate::subject::{Answers, Classes, Subject};
use crate::wording::failed;

/// One figure with its uncertainty.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    /// Which.
    pub(crate) figure: Figure,
    /// NaN if it does not exist on these rows.
    pub(crate) value: f64,
    /// `None` where nothing can be said.
    pub(crate) bounds: Option<Bounds>,
    /// How the bounds were made.
    pub(crate) method: String,
}

impl Estimate {
    /// As a metric without limit.
    pub(crate) fn metric(&self, n_rows: usize, level: f64) -> Metric {
        let mut metric =
            Metric::new(self.figure.id, self.value, n_rows as u64).title(self.figure.title);
        metric.direction = if self.figure.id == "mean_error" {
            interlock_plugin_api::Direction::Neutral
        } else if self.figure.is_higher_better {
            interlock_plugin_api::Direction::HigherIsBetter
        } else {
            interlock_plugin_api::Direction::LowerIsBetter
        };
        match self.bounds {
            Some(bounds) => metric.interval(bounds.low, bounds.high, level, &self.method),
            None => metric,
        }
    }
}

/// Every figure of the subject's task.
///
/// # Errors
/// If the level of confidence is not in (0, 1).
pub(crate) fn all(subject: &Subject, plan: &Plan) -> Result<Vec<Estimate>, CheckError> {
    let sample = subject.sample();
    let strata = sample.strata();
    let found = estimates(plan, &strata, |weights| sample.figures(weights)).map_err(failed)?;
    let method = plan.method(subject.n_rows());
    let figures: &[Figure] = match &subject.answers {
        Answers::Classes(_) => &CLASS_FIGURES,
        Answers::Numbers { .. } => &NUMBER_FIGURES,
    };
    let mut all: Vec<Estimate> = figures
        .iter()
        .enumerate()
        .map(|(at, &figure)| Estimate {
            figure,
            value: found.values[at],
            bounds: found.bounds[at],
            method: method.clone(),
        })
        .collect();
    if let Answers::Classes(classes) = &subject.answers {
        for estimate in &mut all {
            if let Some((bounds, method)) = closed_form(classes, estimate.figure.id, plan.level)? {
                estimate.bounds = bounds;
                method.clone_into(&mut estimate.method);
            }
        }
    }
    Ok(all)
}

/// The interval of figures that need no resamples.
fn closed_form(
    classes: &Classes,
    id: &str,
    level: f64,
) -> Result<Option<(Option<Bounds>, &'static str)>, CheckError> {
    let confusion = Confusion::of(classes.names.len(), &classes.truth, &classes.decided);
    let share = |part: f64, whole: f64| {
        let bounds = wilson(whole_number(part), whole_number(whole), level).ok();
        Some((bounds, "Wilson"))
    };
    let right = |class| confusion.count(class, class);
    Ok(match id {
        "accuracy" => {
            let all = (0..classes.names.len()).map(right).sum();
            share(all, confusion.total())
        }
        "precision" if classes.is_binary() => share(right(1), confusion.n_decided(1)),
        "recall" if classes.is_binary() => share(right(1), confusion.n_true(1)),
        "roc_auc" if classes.is_binary() => {
            let truth: Vec<bool> = classes.truth.iter().map(|&class| class == 1).collect();
            let found = delong(&classes.probabilities, &truth, level).ok();
            Some((found.map(|auc| auc.bounds), "DeLong, on the logit"))
        }
        "roc_auc" => {
            let z = two_sided_quantile(level).map_err(failed)?;
            let bounds = macro_area(classes).and_then(|area| logit_bounds(&area, z));
            Some((bounds, "DeLong, mean over classes, on the logit"))
        }
        _ => None,
    })
}

/// The mean over classes of the area of one class against the rest.
pub(crate) fn macro_area(classes: &Classes) -> Option<Area> {
    let n_rows = classes.truth.len();
    let rows = classes.classified();
    let one_output = if classes.is_binary() {
        1..2
    } else {
        0..classes.names.len()
    };
    let areas: Vec<Area> = one_output
        .filter_map(|class| {
            let scores: Vec<f64> = (0..n_rows)
                .map(|row| rows.probability(row, class))
                .collect();
            let truth: Vec<bool> = classes.truth.iter().map(|&own| own == class).collect();
            Area::of(&scores, &truth)
        })
        .collect();
    Area::mean(&areas)
}

/// A normal interval on the logit, which keeps it inside [0, 1]; [0, 1] at the very ends.
pub(crate) fn logit_bounds(area: &Area, z: f64) -> Option<Bounds> {
    let (value, error) = (area.value, area.standard_error());
    if !(value > 0.0 && value < 1.0) {
        return Some(Bounds {
            low: 0.0,
            high: 1.0,
        });
    }
    let logit = (value / (1.0 - value)).ln();
    let half = z * error / (value * (1.0 - value));
    let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
    half.is_finite().then(|| Bounds {
        low: expit(logit - half),
        high: expit(logit + half),
    })
}

/// Counts are kept as floats; they are whole and below 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows, never negative"
)]
pub(crate) fn whole_number(count: f64) -> u64 {
    count as u64
}
