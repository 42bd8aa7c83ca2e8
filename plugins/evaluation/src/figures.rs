//! Figures of performance from what is true and what was predicted.
//!
//! In: truths, predictions, a weight per row. Out: every usual figure, in a fixed order, NaN where
//! it does not exist on these rows.
//!
//! Formulas are those of `sklearn.metrics`. Everything is additive in the weights, so a bootstrap
//! needs no copies of rows.

use crate::confusion::Confusion;
use crate::ranking::{Areas, Ranking};

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
        let areas = self.rankings.iter().map(|ranking| ranking.areas(weights));
        self.assembled(&confusion, (log_loss, brier), areas)
    }

    /// The figures without each group of rows in turn; row r belongs to group r modulo `n_groups`.
    /// Areas are those of [`Ranking::left_out`].
    pub fn left_out(&self, n_groups: usize) -> Vec<Vec<f64>> {
        let mut confusion = Confusion::new(self.n_classes);
        let n_rows = self.cells.len();
        for &cell in &self.cells {
            confusion.counts[cell] += 1.0;
        }
        let log_loss: f64 = self.log_losses.iter().sum();
        let brier: f64 = self.briers.iter().sum();
        let areas: Vec<Vec<Areas>> = self
            .rankings
            .iter()
            .map(|ranking| ranking.left_out(n_groups))
            .collect();
        (0..n_groups)
            .map(|group| {
                let rows = || (group..n_rows).step_by(n_groups);
                let own = rows().fold((0.0, 0.0), |sums, row| {
                    confusion.counts[self.cells[row]] -= 1.0;
                    (sums.0 + self.log_losses[row], sums.1 + self.briers[row])
                });
                let own_areas = areas.iter().map(|areas| areas[group]);
                let losses = (log_loss - own.0, brier - own.1);
                let figures = self.assembled(&confusion, losses, own_areas);
                rows().for_each(|row| confusion.counts[self.cells[row]] += 1.0);
                figures
            })
            .collect()
    }

    fn assembled(
        &self,
        confusion: &Confusion,
        (log_loss, brier): (f64, f64),
        areas: impl Iterator<Item = Areas>,
    ) -> Vec<f64> {
        let n = confusion.total();
        let (mut roc, mut precision_recall) = (Vec::new(), Vec::new());
        for areas in areas {
            roc.extend(areas.roc);
            precision_recall.extend(areas.precision_recall);
        }
        let rate = |of: fn(&Confusion, usize) -> f64| {
            if self.is_binary {
                of(confusion, 1)
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

    /// The figures without each group of rows in turn; row r belongs to group r modulo `n_groups`.
    pub fn left_out(&self, n_groups: usize) -> Vec<Vec<f64>> {
        let n_rows = self.truth.len();
        let center = mean(&self.truth);
        // Of one row: error, its square, size, relative size, target and its square about the mean.
        let parts = |row: usize| {
            let (error, offset) = (self.errors[row], self.truth[row] - center);
            let relative = error.abs() / self.truth[row].abs().max(f64::EPSILON);
            [
                error,
                error * error,
                error.abs(),
                relative,
                offset,
                offset * offset,
            ]
        };
        let summed = |rows: &mut dyn Iterator<Item = usize>| {
            rows.map(parts).fold([0.0; 6], |mut sums, parts| {
                sums.iter_mut()
                    .zip(parts)
                    .for_each(|(sum, own)| *sum += own);
                sums
            })
        };
        let total = summed(&mut (0..n_rows));
        let medians = self.medians_left_out(n_groups);
        (0..n_groups)
            .map(|group| {
                let rows = (group..n_rows).step_by(n_groups);
                let n = (n_rows - rows.len()) as f64;
                let own = summed(&mut rows.into_iter());
                let [sum, squares, absolute, relative, offset, spread] =
                    std::array::from_fn(|at| total[at] - own[at]);
                let spread = spread - offset * offset / n;
                let r2 = if spread > 0.0 {
                    1.0 - squares / spread
                } else {
                    f64::NAN
                };
                vec![
                    r2,
                    (squares / n).sqrt(),
                    absolute / n,
                    medians[group],
                    relative / n,
                    sum / n,
                ]
            })
            .collect()
    }

    /// The median absolute error without each group in turn: whole blocks of rows are passed over by
    /// their counts.
    fn medians_left_out(&self, n_groups: usize) -> Vec<f64> {
        const BLOCK: usize = 1024;
        let n_rows = self.order.len();
        let blocks: Vec<&[usize]> = self.order.chunks(BLOCK).collect();
        let mut counts = vec![0_usize; blocks.len() * n_groups];
        for (block, rows) in blocks.iter().enumerate() {
            for row in *rows {
                counts[block * n_groups + row % n_groups] += 1;
            }
        }
        let at = |group: usize, rank: usize| {
            let mut passed = 0;
            for (block, rows) in blocks.iter().enumerate() {
                let n_kept = rows.len() - counts[block * n_groups + group];
                if passed + n_kept <= rank {
                    passed += n_kept;
                    continue;
                }
                let kept = rows.iter().filter(|row| **row % n_groups != group);
                return kept
                    .skip(rank - passed)
                    .map(|&row| self.errors[row].abs())
                    .next();
            }
            None
        };
        (0..n_groups)
            .map(|group| {
                let n = n_rows - (group..n_rows).step_by(n_groups).len();
                let ends = (n.checked_sub(1).map(|last| last / 2), n / 2);
                let pair = ends.0.and_then(|low| at(group, low)).zip(at(group, ends.1));
                pair.map_or(f64::NAN, |(low, high)| f64::midpoint(low, high))
            })
            .collect()
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

#[cfg(test)]
mod tests {
    use interlock_stats::rng::Rng;

    use super::*;

    #[track_caller]
    fn same(found: &[Vec<f64>], expected: impl Fn(&[u32]) -> Vec<f64>, n_rows: usize) {
        let n_groups = found.len();
        for (group, found) in found.iter().enumerate() {
            let weights: Vec<u32> = (0..n_rows)
                .map(|row| u32::from(row % n_groups != group))
                .collect();
            for (a, b) in found.iter().zip(expected(&weights)) {
                assert!((a - b).abs() < 1e-9, "group {group}: {a} {b}");
            }
        }
    }

    #[test]
    fn figures_without_a_group_are_those_of_weights_of_zero() {
        let n = 331;
        let mut rng = Rng::new(2);
        let truth: Vec<usize> = (0..n).map(|_| rng.below(3)).collect();
        let decided: Vec<usize> = (0..n).map(|_| rng.below(3)).collect();
        let probabilities: Vec<f64> = (0..3 * n).map(|_| rng.uniform()).collect();
        let sample = ClassSample::new(Classified {
            n_classes: 3,
            truth: &truth,
            decided: &decided,
            probabilities: &probabilities,
            n_outputs: 3,
        });
        same(&sample.left_out(10), |weights| sample.figures(weights), n);
        for n in [2, 331, 4001] {
            let truth: Vec<f64> = (0..n).map(|_| 1e3 + rng.normal()).collect();
            let predicted: Vec<f64> = truth.iter().map(|value| value + rng.normal()).collect();
            let sample = NumberSample::new(&truth, &predicted);
            if n > 2 {
                same(&sample.left_out(10), |weights| sample.figures(weights), n);
            } else {
                // One row is left, whose target has no spread.
                assert!(sample.left_out(2).iter().all(|figures| figures[0].is_nan()));
            }
        }
    }
}
