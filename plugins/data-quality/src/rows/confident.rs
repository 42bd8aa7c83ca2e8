//! Which labels are probably wrong, by confident learning.
//!
//! In: given labels and out-of-sample probabilities of every class. Out: the joint counts of given
//! and true label, and the rows whose label is an issue, worst first.
//!
//! As `cleanlab.filter.find_label_issues(labels, pred_probs)` with its defaults: pruned by noise
//! rate, at least one row kept per class, ranked by self-confidence.
//!
//! Source: Northcutt, Jiang & Chuang, "Confident learning: estimating uncertainty in dataset labels",
//! 2021.

use interlock_stats::moments::sum_of;

/// Probabilities closer than this count as equal.
const TOLERANCE: f64 = 1e-6;

/// Labels and probabilities of some rows.
#[derive(Debug, Clone, Copy)]
pub struct Labeled<'a> {
    /// Given class of each row, below `n_classes`.
    pub labels: &'a [u32],
    /// `probabilities[row * n_classes + class]`, out of sample.
    pub probabilities: &'a [f64],
    /// Number of classes, at least 1.
    pub n_classes: usize,
}

impl<'a> Labeled<'a> {
    fn rows(&self) -> impl Iterator<Item = (usize, &'a [f64])> {
        let labels = self.labels.iter().map(|label| *label as usize);
        labels.zip(self.probabilities.chunks_exact(self.n_classes))
    }

    fn label_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for label in self.labels {
            counts[*label as usize] += 1;
        }
        counts
    }

    /// Probability of its given label, for each row.
    pub fn self_confidence(&self) -> Vec<f64> {
        self.rows().map(|(label, row)| row[label]).collect()
    }
}

/// Mean probability of a class over the rows labeled so: from there on a row is confidently of it.
/// Infinite for a class without rows.
fn thresholds(data: Labeled<'_>) -> Vec<f64> {
    let counts = data.label_counts();
    let mean = |class: usize| {
        let own = data.rows().filter(|(label, _)| *label == class);
        let mean = sum_of(own.map(|(_, row)| row[class])) / counts[class] as f64;
        if counts[class] == 0 {
            f64::INFINITY
        } else {
            mean.max(2.0 * TOLERANCE)
        }
    };
    (0..data.n_classes).map(mean).collect()
}

/// The confident joint, calibrated: rows by given and true label, `[given * n_classes + true]`.
/// Each given label's counts sum to its rows.
pub fn confident_joint(data: Labeled<'_>) -> Vec<u64> {
    let k = data.n_classes;
    let thresholds = thresholds(data);
    let mut joint = vec![0.0_f64; k * k];
    for (label, row) in data.rows() {
        let mut confident = (0..k).filter(|&class| row[class] >= thresholds[class] - TOLERANCE);
        let guess = match (confident.next(), confident.next()) {
            (None, _) => continue,
            (Some(only), None) => only,
            (Some(_), Some(_)) => most_probable(row),
        };
        joint[label * k + guess] += 1.0;
    }
    for (label, n) in data.label_counts().into_iter().enumerate() {
        let given = &mut joint[label * k..(label + 1) * k];
        given[label] = given[label].max(1.0);
        let sum: f64 = given.iter().sum();
        for count in given {
            *count = *count / sum * n as f64;
        }
    }
    joint.chunks_exact(k).flat_map(rounded).collect()
}

/// Whole numbers near these, with the same sum: the largest rounding errors give way.
fn rounded(values: &[f64]) -> Vec<u64> {
    let wanted = values.iter().sum::<f64>().round_ties_even();
    let mut whole: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    let missing = wanted - whole.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| (values[a] - whole[a]).total_cmp(&(values[b] - whole[b])));
    if missing > 0.0 {
        order.reverse();
    }
    let n_changed = interlock_stats::order::index_below(missing.abs());
    for &at in order.iter().take(n_changed) {
        whole[at] += missing.signum();
    }
    let count = |value: &f64| interlock_stats::order::index_below(value.max(0.0)) as u64;
    whole.iter().map(count).collect()
}

fn most_probable(row: &[f64]) -> usize {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter().position(|p| *p >= most).unwrap_or(0)
}

/// Rows whose label is an issue, least self-confident first.
pub fn label_issues(data: Labeled<'_>, joint: &[u64]) -> Vec<usize> {
    let k = data.n_classes;
    let mut is_issue = vec![false; data.labels.len()];
    for (label, n) in data.label_counts().into_iter().enumerate() {
        if n <= 1 {
            continue;
        }
        let rows: Vec<usize> = (0..data.labels.len())
            .filter(|&row| data.labels[row] as usize == label)
            .collect();
        for (class, &n_pruned) in pruned(&joint[label * k..(label + 1) * k], label)
            .iter()
            .enumerate()
        {
            let margin = |row: usize| {
                let row = &data.probabilities[row * k..(row + 1) * k];
                row[class] - row[label]
            };
            let mut order = rows.clone();
            order.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)));
            for &row in order.iter().take(n_pruned) {
                is_issue[row] = true;
            }
        }
    }
    // A label that is the most probable one after all is no issue.
    let confidence = data.self_confidence();
    let mut issues: Vec<usize> = data
        .rows()
        .enumerate()
        .filter(|(row, (label, values))| {
            let is_beaten = |(class, p): (usize, &f64)| {
                let own = values[*label] + TOLERANCE;
                class != *label && if class < *label { *p >= own } else { *p > own }
            };
            is_issue[*row] && values.iter().enumerate().any(is_beaten)
        })
        .map(|(row, _)| row)
        .collect();
    issues.sort_by(|&a, &b| confidence[a].total_cmp(&confidence[b]));
    issues
}

/// How many rows of a given label to prune for each true one: the joint counts, but so that one row
/// of the label is kept.
fn pruned(joint: &[u64], label: usize) -> Vec<usize> {
    let n_nonzero = joint.iter().filter(|count| **count > 0).count() as f64;
    let missing = if joint[label] == 0 { 1.0 } else { 0.0 };
    let cut = missing / (n_nonzero - 1.0).max(1.0);
    let rest = |(class, count): (usize, &u64)| {
        let left = (*count as f64 - cut).max(0.0);
        if class == label {
            0
        } else {
            interlock_stats::order::index_below(left)
        }
    };
    joint.iter().enumerate().map(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_against_a_sure_prediction_is_an_issue() {
        let labels = [0, 0, 0, 0, 1, 1, 1, 1];
        let second = [0.1, 0.2, 0.1, 0.95, 0.9, 0.8, 0.9, 0.7];
        let probabilities: Vec<f64> = second.iter().flat_map(|p| [1.0 - p, *p]).collect();
        let data = Labeled {
            labels: &labels,
            probabilities: &probabilities,
            n_classes: 2,
        };
        let joint = confident_joint(data);
        assert_eq!(joint, [3, 1, 0, 4]);
        assert_eq!(label_issues(data, &joint), [3]);
    }

    #[test]
    fn rounding_keeps_the_sum() {
        assert_eq!(rounded(&[0.5, 0.5]), [0, 1]);
        assert_eq!(rounded(&[2.4, 2.4, 2.2]), [2, 3, 2]);
        assert_eq!(rounded(&[1.6, 1.6, 0.8]), [1, 2, 1]);
        assert_eq!(rounded(&[]), Vec::<u64>::new());
    }
}
