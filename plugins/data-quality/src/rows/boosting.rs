//! A small classifier: boosted trees over binned columns.
//!
//! In: binned columns, classes, which rows to learn from. Out: probabilities of every class for the
//! other rows.
//!
//! Gradient boosting of the log loss with second-order leaf values, one tree per class and round
//! (one in all for two classes), trees grown to a fixed depth by histograms. Categories are ordered
//! by their mean gradient in each node. No randomness: the same input gives the same bits.
//!
//! Source: Friedman, "Greedy function approximation", 2001; Chen & Guestrin, "XGBoost", 2016; for
//! categories Fisher, "On grouping for maximum homogeneity", 1958.

use crate::rows::binned::{Binned, MAX_BINS};

/// Rounds of boosting.
const N_ROUNDS: usize = 60;

/// Share of each tree's answer that is added.
const LEARNING_RATE: f64 = 0.15;

/// Depth of a tree.
const MAX_DEPTH: usize = 4;

/// Added to the second derivatives of a leaf; for splits of categories more, since they choose among
/// many sets.
const REGULARIZATION: (f64, f64) = (1.0, 10.0);

/// Rows a leaf needs.
const MIN_ROWS: f64 = 20.0;

/// Sums over the rows of a node in one bin.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    hessian: f64,
    n: f64,
}

/// The best split of a node: the column, and the bins that go left.
struct Split {
    gain: f64,
    column: usize,
    left: u64,
}

/// What a tree is grown on.
struct Grower<'a> {
    columns: &'a [Binned],
    /// First and second derivative of the loss, per row.
    derivatives: &'a [(f64, f64)],
    /// Raw score per row, to which the tree is added.
    scores: &'a mut [f64],
}

/// Probabilities of every class for the rows not learned from: `[row * n_classes + class]`, NaN for
/// the others. `classes` lie below `n_classes`.
pub fn predict(
    columns: &[Binned],
    classes: (&[u32], usize),
    learns: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let (classes, n_classes) = classes;
    let n_rows = classes.len();
    let row_ids = || 0..u32::try_from(n_rows).unwrap_or(u32::MAX);
    let (learned, asked): (Vec<u32>, Vec<u32>) = row_ids().partition(|&row| learns(row as usize));
    let n_trees = if n_classes == 2 { 1 } else { n_classes };
    let mut scores = priors(classes, n_classes, &learned, n_trees, n_rows);
    for _ in 0..N_ROUNDS {
        let previous = scores.clone();
        for (tree, own) in scores.iter_mut().enumerate() {
            let mut derivatives = vec![(0.0, 0.0); n_rows];
            for &row in &learned {
                let row = row as usize;
                let p = probability(&previous, row, tree);
                let class = if n_trees == 1 { 1 } else { tree };
                let truth = f64::from(u8::from(classes[row] as usize == class));
                derivatives[row] = (p - truth, (p * (1.0 - p)).max(1e-12));
            }
            let mut grower = Grower {
                columns,
                derivatives: &derivatives,
                scores: own,
            };
            grower.grow(&mut learned.clone(), &mut asked.clone(), 0);
        }
    }
    let mut probabilities = vec![f64::NAN; n_rows * n_classes];
    for &row in &asked {
        let row = row as usize;
        let of_row = &mut probabilities[row * n_classes..(row + 1) * n_classes];
        if n_trees == 1 {
            let p = probability(&scores, row, 0);
            of_row.copy_from_slice(&[1.0 - p, p]);
        } else {
            for (class, p) in of_row.iter_mut().enumerate() {
                *p = probability(&scores, row, class);
            }
        }
    }
    probabilities
}

/// Where boosting begins: the logarithm of the classes' shares, one row held for each.
fn priors(
    classes: &[u32],
    n_classes: usize,
    learned: &[u32],
    n_trees: usize,
    n_rows: usize,
) -> Vec<Vec<f64>> {
    let mut counts = vec![1.0_f64; n_classes];
    for &row in learned {
        counts[classes[row as usize] as usize] += 1.0;
    }
    if n_trees == 1 {
        return vec![vec![(counts[1] / counts[0]).ln(); n_rows]];
    }
    let total: f64 = counts.iter().sum();
    let constant = |count: &f64| vec![(count / total).ln(); n_rows];
    counts.iter().map(constant).collect()
}

/// Logistic of the only score, or softmax of all.
fn probability(scores: &[Vec<f64>], row: usize, tree: usize) -> f64 {
    if let [only] = scores {
        return 1.0 / (1.0 + (-only[row]).exp());
    }
    let most = scores
        .iter()
        .map(|own| own[row])
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|own| (own[row] - most).exp()).sum();
    (scores[tree][row] - most).exp() / total
}

impl Grower<'_> {
    fn grow(&mut self, learned: &mut [u32], asked: &mut [u32], depth: usize) {
        let split = if depth < MAX_DEPTH {
            self.best_split(learned)
        } else {
            None
        };
        let Some(split) = split else {
            let total = self.total(learned);
            let value = -LEARNING_RATE * total.gradient / (total.hessian + REGULARIZATION.0);
            for &row in learned.iter().chain(asked.iter()) {
                self.scores[row as usize] += value;
            }
            return;
        };
        let bins = &self.columns[split.column].bins;
        let (left, right) = parted(learned, bins, split.left);
        let (asked_left, asked_right) = parted(asked, bins, split.left);
        self.grow(left, asked_left, depth + 1);
        self.grow(right, asked_right, depth + 1);
    }

    fn total(&self, rows: &[u32]) -> Sums {
        let mut total = Sums::default();
        for &row in rows {
            let (gradient, hessian) = self.derivatives[row as usize];
            total.add(Sums {
                gradient,
                hessian,
                n: 1.0,
            });
        }
        total
    }

    fn best_split(&self, rows: &[u32]) -> Option<Split> {
        let total = self.total(rows);
        if total.n < 2.0 * MIN_ROWS {
            return None;
        }
        let mut best: Option<Split> = None;
        for (column, binned) in self.columns.iter().enumerate() {
            let mut sums = [Sums::default(); MAX_BINS];
            for &row in rows {
                let (gradient, hessian) = self.derivatives[row as usize];
                let bin = usize::from(binned.bins[row as usize]) % MAX_BINS;
                sums[bin].add(Sums {
                    gradient,
                    hessian,
                    n: 1.0,
                });
            }
            let found = split_of(&sums[..binned.n_bins], total, binned.is_ordered);
            if let Some((gain, left)) = found
                && best.as_ref().is_none_or(|best| gain > best.gain)
            {
                best = Some(Split { gain, column, left });
            }
        }
        best
    }
}

/// The best set of bins to go left, and what it gains.
fn split_of(sums: &[Sums], total: Sums, is_ordered: bool) -> Option<(f64, u64)> {
    let extra = if is_ordered {
        REGULARIZATION.0
    } else {
        REGULARIZATION.1
    };
    let score = |part: Sums| part.gradient * part.gradient / (part.hessian + extra);
    let mut order: Vec<usize> = (0..sums.len()).filter(|&bin| sums[bin].n > 0.0).collect();
    if !is_ordered {
        let mean = |bin: usize| sums[bin].gradient / (sums[bin].hessian + REGULARIZATION.1);
        order.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)));
    }
    let (mut left, mut bins) = (Sums::default(), 0_u64);
    let mut best: Option<(f64, u64)> = None;
    for bin in order {
        left.add(sums[bin]);
        bins |= 1 << bin;
        let right = Sums {
            gradient: total.gradient - left.gradient,
            hessian: total.hessian - left.hessian,
            n: total.n - left.n,
        };
        if left.n < MIN_ROWS || right.n < MIN_ROWS {
            continue;
        }
        let gain = score(left) + score(right) - score(total);
        if gain > 1e-9 && best.is_none_or(|(most, _)| gain > most) {
            best = Some((gain, bins));
        }
    }
    best
}

/// Rows of the left bins first, in place; their order within does not matter.
fn parted<'r>(rows: &'r mut [u32], bins: &[u8], left: u64) -> (&'r mut [u32], &'r mut [u32]) {
    let mut n_left = 0;
    for at in 0..rows.len() {
        if left >> bins[rows[at] as usize] & 1 == 1 {
            rows.swap(at, n_left);
            n_left += 1;
        }
    }
    rows.split_at_mut(n_left)
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
        self.n += other.n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::auc::area;
    use interlock_stats::rng::Rng;

    #[test]
    fn what_can_be_learned_is_learned_and_noise_is_not() {
        let mut rng = Rng::new(8);
        let n = 2000;
        let x: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let kind: Vec<u32> = (0..n)
            .map(|_| u32::try_from(rng.below(9)).unwrap())
            .collect();
        let classes: Vec<u32> = (0..n)
            .map(|row| u32::from((x[row] > 0.0) != kind[row].is_multiple_of(3)))
            .collect();
        let columns = [Binned::of_numbers(&x), Binned::of_codes(&kind, 9)];
        let auc = |columns: &[Binned]| {
            let found = predict(columns, (&classes, 2), |row| row % 2 == 0);
            let asked = || (0..n).filter(|row| row % 2 == 1);
            let scores: Vec<f64> = asked().map(|row| found[row * 2 + 1]).collect();
            let truth: Vec<bool> = asked().map(|row| classes[row] == 1).collect();
            area(&scores, &truth).unwrap()
        };
        assert!(auc(&columns) > 0.97, "{}", auc(&columns));
        let noise: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        assert!((auc(&[Binned::of_numbers(&noise)]) - 0.5).abs() < 0.06);
    }

    #[test]
    fn probabilities_sum_to_one_over_many_classes() {
        let x: Vec<f64> = (0..300).map(f64::from).collect();
        let classes: Vec<u32> = (0..300).map(|row| row / 100).collect();
        let found = predict(&[Binned::of_numbers(&x)], (&classes, 3), |row| row % 3 > 0);
        for row in (0..300).step_by(3) {
            let of_row = &found[row * 3..row * 3 + 3];
            assert!((of_row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(row % 100 < 5 || row % 100 > 95 || of_row[classes[row] as usize] > 0.9);
        }
        assert!(found[3].is_nan());
    }
}
