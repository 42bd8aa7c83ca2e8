//! Figures of performance from what is true and what was predicted.
//!
//! In: truths, predictions, a weight per row. Out: every usual figure, in a fixed order, NaN where
//! it does not exist on these rows.
//!
//! Formulas are those of `sklearn.metrics`. Everything is additive in the weights, so a bootstrap
//! needs no copies of rows.

use crate::confusion::Confusion;
use crate::ranking::Ranking;

/// What one figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// Stable name.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Whether larger is better.
    pub is_higher_better: bool,
}

const fn figure(id: &'static str, title: &'static str, is_higher_better: bool) -> Figure {
    Figure {
        id,
        title,
        is_higher_better,
    }
}

/// Figures of a classification, in the order of [`ClassSample::figures`].
pub const CLASS_FIGURES: [Figure; 10] = [
    figure("roc_auc", "ROC AUC", true),
    figure("accuracy", "Accuracy", true),
    figure("balanced_accuracy", "Balanced accuracy", true),
    figure("f1", "F1", true),
    figure("precision", "Precision", true),
    figure("recall", "Recall", true),
    figure("average_precision", "Average precision (PR AUC)", true),
    figure("log_loss", "Log loss", false),
    figure("brier", "Brier score", false),
    figure("mcc", "Matthews correlation", true),
];

/// Figures of a regression, in the order of [`NumberSample::figures`].
pub const NUMBER_FIGURES: [Figure; 6] = [
    figure("r2", "R²", true),
    figure("rmse", "RMSE", false),
    figure("mae", "Mean absolute error", false),
    figure("median_absolute_error", "Median absolute error", false),
    figure("mape", "Mean absolute percentage error", false),
    figure("mean_error", "Mean error (prediction minus target)", false),
];

/// Classified rows, ready to be counted.
#[derive(Debug, Clone)]
pub struct ClassSample {
    n_classes: usize,
    is_binary: bool,
    /// `truth * n_classes + decided` per row.
    cells: Vec<usize>,
    log_losses: Vec<f64>,
    briers: Vec<f64>,
    /// One per class, of the positive class alone if binary.
    rankings: Vec<Ranking>,
}

/// What is known of classified rows.
#[derive(Debug, Clone, Copy)]
pub struct Classified<'a> {
    /// Number of classes.
    pub n_classes: usize,
    /// Class positions.
    pub truth: &'a [usize],
    /// Class positions.
    pub decided: &'a [usize],
    /// `probabilities[row * n_outputs + output]`; one output is the probability of class 1.
    pub probabilities: &'a [f64],
    /// 1, or the number of classes.
    pub n_outputs: usize,
}

impl Classified<'_> {
    /// Probability of a class.
    pub fn probability(&self, row: usize, class: usize) -> f64 {
        if self.n_outputs == 1 {
            let positive = self.probabilities[row];
            if class == 1 { positive } else { 1.0 - positive }
        } else {
            self.probabilities[row * self.n_outputs + class]
        }
    }

    /// Squared distance of the probabilities from the truth: for one output `(p − y)²`, else the
    /// sum over classes. As `sklearn.metrics.brier_score_loss`.
    pub fn brier(&self, row: usize) -> f64 {
        let error = |class: usize| {
            self.probability(row, class) - f64::from(u8::from(self.truth[row] == class))
        };
        if self.n_outputs == 1 {
            error(1).powi(2)
        } else {
            (0..self.n_classes).map(|class| error(class).powi(2)).sum()
        }
    }

    /// `−ln p` of the true class, p kept off 0 by the machine epsilon as in
    /// `sklearn.metrics.log_loss`.
    pub fn log_loss(&self, row: usize) -> f64 {
        let p = self.probability(row, self.truth[row]);
        -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    }
}

impl ClassSample {
    /// One sort per class.
    pub fn new(rows: Classified<'_>) -> Self {
        let n_rows = rows.truth.len();
        let is_binary = rows.n_outputs == 1;
        let classes = if is_binary { 1..2 } else { 0..rows.n_classes };
        let rankings = classes
            .map(|class| {
                let scores: Vec<f64> = (0..n_rows)
                    .map(|row| rows.probability(row, class))
                    .collect();
                Ranking::new(&scores, |row| rows.truth[row] == class)
            })
            .collect();
        Self {
            n_classes: rows.n_classes,
            is_binary,
            cells: (0..n_rows)
                .map(|row| rows.truth[row] * rows.n_classes + rows.decided[row])
                .collect(),
            log_losses: (0..n_rows).map(|row| rows.log_loss(row)).collect(),
            briers: (0..n_rows).map(|row| rows.brier(row)).collect(),
            rankings,
        }
    }

    /// The figures with a weight per row, in the order of [`CLASS_FIGURES`].
    pub fn figures(&self, weights: &[u32]) -> Vec<f64> {
        let mut confusion = Confusion::new(self.n_classes);
        let (mut log_loss, mut brier) = (0.0, 0.0);
        for (row, &weight) in weights.iter().enumerate() {
            let weight = f64::from(weight);
            confusion.counts[self.cells[row]] += weight;
            log_loss += weight * self.log_losses[row];
            brier += weight * self.briers[row];
        }
        let n = confusion.total();
        let (mut roc, mut precision_recall) = (Vec::new(), Vec::new());
        for ranking in &self.rankings {
            let areas = ranking.areas(weights);
            roc.extend(areas.roc);
            precision_recall.extend(areas.precision_recall);
        }
        let rate = |of: fn(&Confusion, usize) -> f64| {
            if self.is_binary {
                of(&confusion, 1)
            } else {
                confusion.macro_mean(of)
            }
        };
        vec![
            mean(&roc),
            confusion.accuracy(),
            confusion.balanced_accuracy(),
            rate(Confusion::f1),
            rate(Confusion::precision),
            rate(Confusion::recall),
            mean(&precision_recall),
            log_loss / n,
            brier / n,
            confusion.matthews(),
        ]
    }

    /// A position per row that tells its class: strata of a bootstrap.
    pub fn strata(&self) -> Vec<usize> {
        self.cells
            .iter()
            .map(|cell| cell / self.n_classes)
            .collect()
    }
}

/// Predicted numbers, ready to be counted.
#[derive(Debug, Clone)]
pub struct NumberSample {
    truth: Vec<f64>,
    errors: Vec<f64>,
    /// Rows by ascending absolute error.
    order: Vec<usize>,
}

impl NumberSample {
    /// One sort.
    pub fn new(truth: &[f64], predicted: &[f64]) -> Self {
        let errors: Vec<f64> = predicted.iter().zip(truth).map(|(p, t)| p - t).collect();
        let mut order: Vec<usize> = (0..errors.len()).collect();
        order.sort_unstable_by(|&a, &b| errors[a].abs().total_cmp(&errors[b].abs()));
        Self {
            truth: truth.to_vec(),
            errors,
            order,
        }
    }

    /// The figures with a weight per row, in the order of [`NUMBER_FIGURES`].
    pub fn figures(&self, weights: &[u32]) -> Vec<f64> {
        let (mut n, mut target) = (0.0, 0.0);
        for (row, &weight) in weights.iter().enumerate() {
            n += f64::from(weight);
            target += f64::from(weight) * self.truth[row];
        }
        let center = target / n;
        let (mut sum, mut squares, mut absolute, mut relative, mut spread) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        for (row, &weight) in weights.iter().enumerate() {
            let (weight, error) = (f64::from(weight), self.errors[row]);
            sum += weight * error;
            squares += weight * error * error;
            absolute += weight * error.abs();
            relative += weight * error.abs() / self.truth[row].abs().max(f64::EPSILON);
            spread += weight * (self.truth[row] - center).powi(2);
        }
        let r2 = if spread > 0.0 {
            1.0 - squares / spread
        } else {
            f64::NAN
        };
        vec![
            r2,
            (squares / n).sqrt(),
            absolute / n,
            self.median(weights),
            relative / n,
            sum / n,
        ]
    }

    /// The middle absolute error, the mean of the two middle ones of an even number.
    fn median(&self, weights: &[u32]) -> f64 {
        let total: u64 = weights.iter().copied().map(u64::from).sum();
        if total == 0 {
            return f64::NAN;
        }
        let (low, high) = ((total - 1) / 2, total / 2);
        let mut passed = 0;
        let mut lower = None;
        for &row in &self.order {
            passed += u64::from(weights[row]);
            let error = self.errors[row].abs();
            if passed > low && lower.is_none() {
                lower = Some(error);
            }
            if passed > high {
                return f64::midpoint(lower.unwrap_or(error), error);
            }
        }
        f64::NAN
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        f64::NAN
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}
