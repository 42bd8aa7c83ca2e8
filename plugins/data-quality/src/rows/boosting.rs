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

use crate::rows::binned::Binned;
use crate::rows::histogram::{Histogram, Packed, REGULARIZATION, Scale, Slope, Split, Sums};

/// Rounds of boosting.
const N_ROUNDS: usize = 60;

/// Share of each tree's answer that is added.
const LEARNING_RATE: f64 = 0.15;

/// Depth of a tree.
const MAX_DEPTH: usize = 4;

/// Columns that the trees of a round choose from, at most; of more, each round takes the next ones.
pub const MAX_COLUMNS: usize = 200;

/// What a tree is grown on.
struct Grower<'a> {
    packed: &'a Packed,
    scale: Scale,
    slopes: &'a [Slope],
    /// Raw score per row, to which the tree is added.
    scores: &'a mut [f64],
    buffers: &'a mut Buffers,
}

/// Memory that trees share.
struct Buffers {
    /// One per depth that is split.
    histograms: Vec<Histogram>,
    /// Rows that go right while a node's rows are parted.
    right: Vec<u32>,
}

/// Rows of a node: those learned from, and those asked for.
struct Node<'r> {
    learned: &'r mut [u32],
    asked: &'r mut [u32],
    total: Sums,
    depth: usize,
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
    let mut scores = priors(classes, n_classes, &learned, (n_trees, n_rows));
    let scale = Scale::of(learned.len());
    let mut packed = Packed::of(columns_of(columns, 0));
    let mut buffers = Buffers {
        histograms: vec![Histogram::empty(&packed); MAX_DEPTH],
        right: vec![0; n_rows],
    };
    let mut slopes: Vec<Slope> = vec![0; n_rows];
    for round in 0..N_ROUNDS {
        if columns.len() > MAX_COLUMNS {
            packed = Packed::of(columns_of(columns, round));
        }
        let norms = norms(&scores, &learned, n_rows);
        for (tree, own) in scores.iter_mut().enumerate() {
            let class = if n_trees == 1 { 1 } else { tree };
            for &row in &learned {
                let row = row as usize;
                let p = probability(own[row], &norms, row);
                let truth = f64::from(u8::from(classes[row] as usize == class));
                slopes[row] = scale.slope(p - truth, p * (1.0 - p));
            }
            let mut grower = Grower {
                packed: &packed,
                scale,
                slopes: &slopes,
                scores: own,
                buffers: &mut buffers,
            };
            // Each tree parts the rows anew from their first order, which memory likes best.
            grower.grow_tree(&mut learned.clone(), &mut asked.clone());
        }
    }
    let norms = norms(&scores, &asked, n_rows);
    let mut probabilities = vec![f64::NAN; n_rows * n_classes];
    for &row in &asked {
        let row = row as usize;
        let of_row = &mut probabilities[row * n_classes..(row + 1) * n_classes];
        if n_trees == 1 {
            let p = probability(scores[0][row], &norms, row);
            of_row.copy_from_slice(&[1.0 - p, p]);
        } else {
            for (p, own) in of_row.iter_mut().zip(&scores) {
                *p = probability(own[row], &norms, row);
            }
        }
    }
    probabilities
}

/// The columns that a round looks at: all, or the next [`MAX_COLUMNS`] of too many.
fn columns_of(columns: &[Binned], round: usize) -> impl Iterator<Item = &Binned> + Clone {
    let n_taken = columns.len().min(MAX_COLUMNS);
    let start = round * n_taken % columns.len().max(1);
    columns.iter().cycle().skip(start).take(n_taken)
}

/// Where boosting begins: the logarithm of the classes' shares, one row held for each. The sizes are
/// the number of trees per round and of rows.
fn priors(
    classes: &[u32],
    n_classes: usize,
    learned: &[u32],
    sizes: (usize, usize),
) -> Vec<Vec<f64>> {
    let (n_trees, n_rows) = sizes;
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

/// The logarithm of the summed exponentials of the scores, per row; nothing for a single score.
fn norms(scores: &[Vec<f64>], rows: &[u32], n_rows: usize) -> Vec<f64> {
    if scores.len() == 1 {
        return Vec::new();
    }
    let mut norms = vec![0.0; n_rows];
    for &row in rows {
        let of_row = || scores.iter().map(|own| own[row as usize]);
        let most = of_row().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = of_row().map(|score| (score - most).exp()).sum();
        norms[row as usize] = most + total.ln();
    }
    norms
}

/// Logistic of an only score, or softmax.
fn probability(score: f64, norms: &[f64], row: usize) -> f64 {
    match norms.get(row) {
        None => 1.0 / (1.0 + (-score).exp()),
        Some(norm) => (score - norm).exp(),
    }
}

impl Grower<'_> {
    fn grow_tree(&mut self, learned: &mut [u32], asked: &mut [u32]) {
        let root = &mut self.buffers.histograms[0];
        root.clear();
        root.add(self.packed, self.slopes, learned);
        let total = root.total(self.scale);
        self.grow(&mut Node {
            learned,
            asked,
            total,
            depth: 0,
        });
    }

    /// Grows a node whose histogram is that of its depth.
    fn grow(&mut self, node: &mut Node<'_>) {
        let histogram = &self.buffers.histograms[node.depth];
        let split = histogram.best_split(self.packed, self.scale, node.total);
        let Some(split) = split else {
            let value = value_of(node.total);
            for &row in node.learned.iter().chain(node.asked.iter()) {
                self.scores[row as usize] += value;
            }
            return;
        };
        if node.depth + 1 == MAX_DEPTH {
            let (left, right) = (value_of(split.sums_left), value_of(split.sums_right));
            for &row in node.learned.iter().chain(node.asked.iter()) {
                let goes_left = split.left >> self.bin_of(&split, row) & 1 == 1;
                self.scores[row as usize] += if goes_left { left } else { right };
            }
            return;
        }
        let n_left = self.part(node.learned, &split);
        let n_asked_left = self.part(node.asked, &split);
        let (left, right) = node.learned.split_at_mut(n_left);
        let (asked_left, asked_right) = node.asked.split_at_mut(n_asked_left);
        let depth = node.depth + 1;
        let of_left = Node {
            learned: left,
            asked: asked_left,
            total: split.sums_left,
            depth,
        };
        let of_right = Node {
            learned: right,
            asked: asked_right,
            total: split.sums_right,
            depth,
        };
        // The larger part's sums are what the smaller one leaves.
        let (mut small, mut large) = if of_left.learned.len() <= of_right.learned.len() {
            (of_left, of_right)
        } else {
            (of_right, of_left)
        };
        let (above, below) = self.buffers.histograms.split_at_mut(depth);
        if let (Some(whole), Some(part)) = (above.last_mut(), below.first_mut()) {
            part.clear();
            part.add(self.packed, self.slopes, small.learned);
            whole.subtract(part);
        }
        self.grow(&mut small);
        self.buffers.histograms.swap(depth - 1, depth);
        self.grow(&mut large);
    }

    fn bin_of(&self, split: &Split, row: u32) -> u8 {
        self.packed.row(row)[split.column]
    }

    /// Puts the rows that go left first and says how many they are; their order is kept.
    fn part(&mut self, rows: &mut [u32], split: &Split) -> usize {
        let (mut n_left, mut n_right) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let goes_left = usize::from(split.left >> self.bin_of(split, row) & 1 == 1);
            // Both are written and one counts, so that nothing need be guessed.
            rows[n_left] = row;
            self.buffers.right[n_right] = row;
            n_left += goes_left;
            n_right += 1 - goes_left;
        }
        rows[n_left..].copy_from_slice(&self.buffers.right[..n_right]);
        n_left
    }
}

/// What a leaf adds.
fn value_of(total: Sums) -> f64 {
    -LEARNING_RATE * total.gradient / (total.hessian + REGULARIZATION.0)
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
