//! How much a model's score falls as its inputs get noisier.
//!
//! In: rows, how each input may change, the truth, and a model as a function. Out: the mean loss of
//! every row at a level of noise, and figures over the curve.
//!
//! One scale for both kinds of model: the loss of a row is 1 if its class is wrong, or its squared
//! error divided by the variance of the target. The score is 1 minus the mean loss, which is the
//! accuracy, or R².
//!
//! The same draws are used at every level, multiplied by it, so that levels differ by the level
//! alone; a column's draws do not depend on which other columns are noisy.

use interlock_plugin_api::{CheckError, FeatureValues, Features, Predictions};
use interlock_stats::StatsError;
use interlock_stats::distribution::student_quantile;
use interlock_stats::moments::{mean, standard_deviation};
use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;

use crate::constraint::Freedom;

/// What is true of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// Position of the class in `ModelFacts::classes`; `usize::MAX` is a class the model does not
    /// know, which is never right.
    Classes {
        /// One per row.
        classes: Vec<usize>,
        /// Probability from which a binary model's row is positive.
        threshold: f64,
    },
    /// Numbers, one per row.
    Numbers {
        /// One per row.
        values: Vec<f64>,
        /// Their population variance; above 0.
        variance: f64,
    },
}

impl Truth {
    /// The loss of each row.
    pub fn losses(&self, predictions: &Predictions) -> Vec<f64> {
        match self {
            Self::Classes { classes, threshold } => classes
                .iter()
                .enumerate()
                .map(|(row, &class)| {
                    f64::from(u8::from(predictions.class(row, *threshold) != class))
                })
                .collect(),
            Self::Numbers { values, variance } => values
                .iter()
                .enumerate()
                .map(|(row, value)| (predictions.row(row)[0] - value).powi(2) / variance)
                .collect(),
        }
    }
}

/// A model as a function.
pub type Predict<'p> = dyn Fn(&Features) -> Result<Predictions, CheckError> + 'p;

/// Rows whose inputs are made noisy.
pub struct Experiment<'e> {
    /// The rows.
    pub features: &'e Features,
    /// How each input may change; only numbers get noise.
    pub freedoms: &'e [Freedom],
    /// What is true of them.
    pub truth: &'e Truth,
    /// The model.
    pub predict: &'e Predict<'e>,
    /// How often noise is drawn.
    pub repeats: u64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Experiment<'_> {
    /// The rows with Gaussian noise of `level` standard deviations on the inputs at `columns`;
    /// draw number `repeat`.
    pub fn noisy(&self, columns: &[usize], level: f64, repeat: u64) -> Features {
        let mut features = self.features.clone();
        for &column in columns {
            let Freedom::Number(line) = &self.freedoms[column] else {
                continue;
            };
            let mut rng = Rng::for_stream(self.seed, ((column as u64) << 32) | repeat);
            if let FeatureValues::Numeric(values) = &mut features.columns[column].values {
                for value in values {
                    let wanted = *value + rng.normal() * level * line.std;
                    *value = line.place(*value, wanted);
                }
            }
        }
        features
    }

    /// The loss of each row at a level of noise, the mean over the repeats.
    ///
    /// # Errors
    /// If the model refuses.
    pub fn losses(&self, columns: &[usize], level: f64) -> Result<Vec<f64>, CheckError> {
        if level <= 0.0 {
            return Ok(self.truth.losses(&(self.predict)(self.features)?));
        }
        let mut sums = vec![0.0; self.features.n_rows];
        for repeat in 0..self.repeats {
            let predictions = (self.predict)(&self.noisy(columns, level, repeat))?;
            for (sum, loss) in sums.iter_mut().zip(self.truth.losses(&predictions)) {
                *sum += loss;
            }
        }
        let n = self.repeats.max(1) as f64;
        Ok(sums.into_iter().map(|sum| sum / n).collect())
    }
}

/// The mean of values of independent rows, with a Student interval.
///
/// # Errors
/// For fewer than two values, or a level outside (0, 1).
pub fn mean_interval(values: &[f64], level: f64) -> Result<(f64, Bounds), StatsError> {
    let (Some(mean), Some(std)) = (mean(values), standard_deviation(values)) else {
        return Err(StatsError::TooFew {
            needed: 2,
            found: values.len(),
        });
    };
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange);
    }
    let n = values.len() as f64;
    let half = student_quantile(f64::midpoint(1.0, level), n - 1.0) * std / n.sqrt();
    Ok((
        mean,
        Bounds {
            low: mean - half,
            high: mean + half,
        },
    ))
}

/// Mean height of a curve through ascending points `(x, y)`: the trapezoid area divided by the
/// width. `None` without width.
pub fn mean_height(points: &[(f64, f64)]) -> Option<f64> {
    let width = points.last()?.0 - points.first()?.0;
    let area: f64 = points
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1))
        .sum();
    (width > 0.0).then(|| area / width)
}

/// The smallest `x` at which a curve through ascending points reaches `height` from below, on
/// straight lines between the points; `None` if it never does.
pub fn first_reach(points: &[(f64, f64)], height: f64) -> Option<f64> {
    let at = points.iter().position(|point| point.1 >= height)?;
    let (x, y) = points[at];
    let Some(&(before_x, before_y)) = at.checked_sub(1).and_then(|at| points.get(at)) else {
        return Some(x);
    };
    Some(before_x + (height - before_y) / (y - before_y) * (x - before_x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::Line;
    use interlock_plugin_api::Feature;
    use interlock_stats::distribution::normal_sf;

    fn numbers(values: Vec<f64>) -> Features {
        Features {
            n_rows: values.len(),
            columns: vec![Feature {
                name: "x".to_owned(),
                values: FeatureValues::Numeric(values),
            }],
        }
    }

    fn free(std: f64) -> Vec<Freedom> {
        vec![Freedom::Number(Line {
            std,
            is_integer: false,
            min: f64::NEG_INFINITY,
            max: f64::INFINITY,
            allowed: Vec::new(),
        })]
    }

    /// The model: the first input itself.
    fn identity(features: &Features) -> Result<Predictions, CheckError> {
        let FeatureValues::Numeric(values) = &features.columns[0].values else {
            return Err(CheckError::failed("a number was expected"));
        };
        Ok(Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: values.clone(),
        })
    }

    #[test]
    fn accuracy_falls_as_the_normal_distribution_says() {
        // Rows one unit above a cut of 0: noise of s flips each with probability Φ(−1/s).
        let features = numbers(vec![1.0; 20_000]);
        let truth = Truth::Classes {
            classes: vec![1; 20_000],
            threshold: 0.0,
        };
        let experiment = Experiment {
            features: &features,
            freedoms: &free(1.0),
            truth: &truth,
            predict: &identity,
            repeats: 4,
            seed: 3,
        };
        for level in [0.5, 1.0, 2.0] {
            let losses = experiment.losses(&[0], level).unwrap();
            let (loss, _) = mean_interval(&losses, 0.95).unwrap();
            // scipy.stats.norm.sf(1 / level); 80000 draws: standard error at most 0.0017.
            assert!(
                (loss - normal_sf(1.0 / level)).abs() < 0.006,
                "{level}: {loss}"
            );
        }
        assert!(
            experiment
                .losses(&[0], 0.0)
                .unwrap()
                .iter()
                .all(|loss| *loss == 0.0)
        );
    }

    #[test]
    fn squared_error_grows_with_the_variance_of_the_noise() {
        let values: Vec<f64> = (0..10_000).map(|row| f64::from(row % 10)).collect();
        let features = numbers(values.clone());
        // numpy.var(range(10)) = 8.25; the model is exact, so R² = 1 − (level · std)² / 8.25.
        let truth = Truth::Numbers {
            values,
            variance: 8.25,
        };
        let experiment = Experiment {
            features: &features,
            freedoms: &free(2.0),
            truth: &truth,
            predict: &identity,
            repeats: 4,
            seed: 3,
        };
        let (loss, bounds) = mean_interval(&experiment.losses(&[0], 0.5).unwrap(), 0.99).unwrap();
        assert!(bounds.contains(1.0 / 8.25), "{loss} {bounds:?}");
        assert!(bounds.high - bounds.low < 0.01);
    }

    #[test]
    fn fixed_inputs_and_missing_values_get_no_noise() {
        let features = numbers(vec![1.0, f64::NAN]);
        let truth = Truth::Classes {
            classes: vec![1; 2],
            threshold: 0.5,
        };
        let noisy = |freedoms: &[Freedom]| {
            let experiment = Experiment {
                features: &features,
                freedoms,
                truth: &truth,
                predict: &identity,
                repeats: 1,
                seed: 3,
            };
            match &experiment.noisy(&[0], 1.0, 0).columns[0].values {
                FeatureValues::Numeric(values) => values.clone(),
                FeatureValues::Categorical { .. } => Vec::new(),
            }
        };
        let changed = noisy(&free(1.0));
        assert!(changed[0] != 1.0 && changed[1].is_nan());
        assert_eq!(noisy(&[Freedom::Fixed("immutable")])[0], 1.0);
    }

    #[test]
    fn mean_interval_is_that_of_scipy() {
        // a = [0, 1, 0, 0.5, 1]; scipy.stats.t.interval(0.95, 4, numpy.mean(a), scipy.stats.sem(a))
        let (mean, bounds) = mean_interval(&[0.0, 1.0, 0.0, 0.5, 1.0], 0.95).unwrap();
        assert!((mean - 0.5).abs() < 1e-12);
        assert!(
            (bounds.low - -0.120_831_998_957_9).abs() < 1e-9,
            "{bounds:?}"
        );
        assert!((bounds.high - 1.120_831_998_957_9).abs() < 1e-9);
        assert!(mean_interval(&[1.0], 0.95).is_err());
    }

    #[test]
    fn the_curve_is_summed_and_read_between_its_points() {
        let points = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.3)];
        // numpy.trapezoid([0, .1, .3], [0, 1, 2]) / 2 = 0.125
        assert!((mean_height(&points).unwrap() - 0.125).abs() < 1e-12);
        assert!((first_reach(&points, 0.2).unwrap() - 1.5).abs() < 1e-12);
        assert_eq!(first_reach(&points, 0.4), None);
        assert_eq!(first_reach(&points, 0.0), Some(0.0));
        assert_eq!(mean_height(&points[..1]), None);
    }
}
