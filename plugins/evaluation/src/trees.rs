//! Trees walked tree by tree, so that the first few can be asked alone.
//!
//! In: an ensemble and columns of numbers in the order of its features, NaN for missing. Out: the
//! sum of trees after each of them, and what it predicts.
//!
//! Node by node and row by row: a few lines that follow the definition of the ensemble. Positions
//! are checked once, so that a damaged ensemble is refused, not walked.

use interlock_plugin_api::ensemble::{Comparison, Link, TreeEnsemble};

/// Zero up to this size counts as missing where a node says so.
const ZERO: f64 = 1e-35;

/// Margins that grow with every tree.
#[derive(Debug, Clone)]
pub struct Growing<'e> {
    trees: &'e TreeEnsemble,
    /// Sum of the trees so far: `sums[row * n_outputs + output]`.
    sums: Vec<f64>,
    n_grown: usize,
    /// Whether the trees are a mean: fewer of them are scaled up.
    is_mean: bool,
}

/// Whether every position of the ensemble is there and every walk ends.
pub fn is_whole(trees: &TreeEnsemble) -> bool {
    let n_nodes = trees.feature.len();
    let lengths = [
        trees.comparison.len(),
        trees.value.len(),
        trees.yes.len(),
        trees.no.len(),
        trees.missing_goes_yes.len(),
    ];
    let n_outputs = trees.n_outputs as usize;
    if lengths.iter().any(|&length| length != n_nodes)
        || n_outputs == 0
        || trees.base.len() != n_outputs
        || trees.tree_outputs.len() != trees.tree_starts.len()
        || trees.tree_starts.is_empty()
    {
        return false;
    }
    let leads_on = |node: usize| {
        trees.feature[node] == TreeEnsemble::LEAF
            || ((trees.feature[node] as usize) < trees.features.len()
                && [trees.yes[node], trees.no[node]]
                    .iter()
                    .all(|&child| (child as usize) < n_nodes))
    };
    (0..n_nodes).all(leads_on)
        && trees
            .tree_starts
            .iter()
            .all(|&start| (start as usize) < n_nodes)
        && trees
            .tree_outputs
            .iter()
            .all(|&output| output == TreeEnsemble::ALL_OUTPUTS || (output as usize) < n_outputs)
}

/// How many splits ask each input, in the order of `features`.
pub fn n_splits(trees: &TreeEnsemble) -> Vec<usize> {
    let mut counts = vec![0; trees.features.len()];
    for &feature in &trees.feature {
        if let Some(count) = counts.get_mut(feature as usize) {
            *count += 1;
        }
    }
    counts
}

/// Codes of categories the trees ask for are below this.
pub fn n_codes(trees: &TreeEnsemble, feature: usize) -> usize {
    let mut most = 0.0_f64;
    for node in 0..trees.feature.len() {
        if trees.feature[node] as usize == feature {
            most = most.max(match trees.comparison[node] {
                Comparison::In => trees
                    .category_ranges
                    .get(node)
                    .map_or(0.0, |(_, words)| f64::from(*words) * 64.0),
                Comparison::Equal | Comparison::Less | Comparison::LessOrEqual => {
                    trees.value[node] + 1.0
                }
            });
        }
    }
    interlock_stats::order::index_below(most.clamp(0.0, 1e6)) + 1
}

/// Nodes that ask for an input.
pub fn nodes_asking(trees: &TreeEnsemble, feature: usize) -> Vec<usize> {
    let nodes = 0..trees.feature.len();
    nodes
        .filter(|&node| trees.feature[node] as usize == feature)
        .collect()
}

/// Which way a value goes at each of these nodes.
pub fn ways(trees: &TreeEnsemble, nodes: &[usize], value: f64) -> Vec<bool> {
    let goes = |&node: &usize| goes_yes(trees, node, value).unwrap_or(false);
    nodes.iter().map(goes).collect()
}

/// Whether each tree has one of these nodes, given ascending.
pub fn trees_with(trees: &TreeEnsemble, nodes: &[usize]) -> Vec<bool> {
    let n_trees = trees.tree_starts.len();
    let has = |tree: usize| {
        let start = trees.tree_starts[tree] as usize;
        let next = trees.tree_starts.get(tree + 1);
        let end = next.map_or(trees.feature.len(), |&next| next as usize);
        let first = nodes.partition_point(|&node| node < start);
        nodes.get(first).is_some_and(|&node| node < end)
    };
    (0..n_trees).map(has).collect()
}

impl<'e> Growing<'e> {
    /// Nothing grown yet.
    pub fn new(trees: &'e TreeEnsemble, n_rows: usize, is_mean: bool) -> Self {
        Self {
            trees,
            sums: vec![0.0; n_rows * trees.n_outputs as usize],
            n_grown: 0,
            is_mean,
        }
    }

    /// Adds the next tree; `None` if a walk does not end or a leaf is not there.
    #[must_use]
    pub fn grow(&mut self, columns: &[Vec<f64>]) -> Option<()> {
        self.add(self.n_grown, columns)
    }

    /// Adds a tree; `None` if a walk does not end or a leaf is not there.
    #[must_use]
    pub fn add(&mut self, tree: usize, columns: &[Vec<f64>]) -> Option<()> {
        let n_outputs = self.trees.n_outputs as usize;
        let output = self.trees.tree_outputs[tree];
        let start = self.trees.tree_starts[tree] as usize;
        for (row, sums) in self.sums.chunks_exact_mut(n_outputs).enumerate() {
            let value = self.trees.value[leaf(self.trees, start, columns, row)?];
            if output == TreeEnsemble::ALL_OUTPUTS {
                let first = interlock_stats::order::index_below(value) * n_outputs;
                let values = self.trees.leaf_rows.get(first..first + n_outputs)?;
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value;
                }
            } else {
                sums[output as usize] += value;
            }
        }
        self.n_grown += 1;
        Some(())
    }

    /// What the trees so far predict, in the form of `Model::predict`.
    pub fn predictions(&self) -> Vec<f64> {
        let n_outputs = self.trees.n_outputs as usize;
        let scale = if self.is_mean {
            self.trees.tree_starts.len() as f64 / self.n_grown.max(1) as f64
        } else {
            1.0
        };
        let mut figures = self.sums.clone();
        for row in figures.chunks_exact_mut(n_outputs) {
            for (figure, base) in row.iter_mut().zip(&self.trees.base) {
                *figure = figure.mul_add(scale, *base);
            }
            apply(self.trees.link, row);
        }
        figures
    }
}

fn leaf(trees: &TreeEnsemble, start: usize, columns: &[Vec<f64>], row: usize) -> Option<usize> {
    let mut at = start;
    for _ in 0..trees.feature.len() {
        if trees.feature[at] == TreeEnsemble::LEAF {
            return Some(at);
        }
        let value = columns[trees.feature[at] as usize][row];
        at = if goes_yes(trees, at, value)? {
            trees.yes[at]
        } else {
            trees.no[at]
        } as usize;
    }
    None
}

fn goes_yes(trees: &TreeEnsemble, node: usize, value: f64) -> Option<bool> {
    let is_zero_missing = trees.zero_is_missing.get(node).copied().unwrap_or(false);
    if value.is_nan() || (is_zero_missing && value.abs() <= ZERO) {
        return Some(trees.missing_goes_yes[node]);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    let value = if trees.is_single_precision {
        f64::from(value as f32)
    } else {
        value
    };
    let threshold = trees.value[node];
    Some(match trees.comparison[node] {
        Comparison::Less => value < threshold,
        Comparison::LessOrEqual => value <= threshold,
        Comparison::Equal => value.total_cmp(&threshold).is_eq(),
        Comparison::In => {
            let (first, n_words) = trees.category_ranges.get(node).copied()?;
            let words = trees
                .category_words
                .get(first as usize..(first + n_words) as usize)?;
            let category = interlock_stats::order::index_below(value);
            value > -1.0
                && words
                    .get(category / 64)
                    .is_some_and(|word| word >> (category % 64) & 1 == 1)
        }
    })
}

fn apply(link: Link, row: &mut [f64]) {
    if link == Link::Softmax {
        let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for margin in row.iter_mut() {
            *margin = (*margin - greatest).exp();
        }
        let total: f64 = row.iter().sum();
        for margin in row {
            *margin /= total;
        }
        return;
    }
    for margin in row {
        let x = *margin;
        *margin = match link {
            Link::Identity | Link::Softmax => x,
            Link::Logistic => 1.0 / (1.0 + (-x).exp()),
            Link::SteepLogistic { slope } => 1.0 / (1.0 + (-slope * x).exp()),
            Link::Exponential => x.exp(),
            Link::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Link::SignedSquare => x.abs() * x,
            Link::Step => f64::from(u8::from(x > 0.0)),
            Link::Probit => interlock_stats::distribution::normal_cdf(x),
        };
    }
}

/// Whether the trees vote with equal weight, as in a forest, rather than correct each other.
///
/// Of a mean every tree by itself follows the whole: its covariance with the whole is that of any
/// other. `outputs[tree]` holds what a tree adds to the rows, for the first output. A boosted model
/// whose first and last quarter weigh alike (within a factor of two) and whose base is zero would be
/// taken for a mean; with a learning rate that small no tree corrects another.
pub fn is_mean(trees: &TreeEnsemble, whole: &[f64], outputs: &[Vec<f64>]) -> bool {
    let has_base = trees.base.iter().any(|base| base.abs() > 1e-12);
    if trees.link != Link::Identity || has_base || outputs.len() < 2 {
        return false;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let center = mean(whole);
    let weight = |part: &[Vec<f64>]| -> (f64, f64) {
        let covariance =
            |own: &Vec<f64>| -> f64 { own.iter().zip(whole).map(|(a, b)| a * (b - center)).sum() };
        let n = part.len() as f64;
        (
            part.iter().map(covariance).sum::<f64>() / n,
            part.iter().map(|own| mean(own)).sum::<f64>() / n,
        )
    };
    let quarter = outputs.len().div_ceil(4);
    let (first, last) = (
        weight(&outputs[..quarter]),
        weight(&outputs[outputs.len() - quarter..]),
    );
    let is_alike = |a: f64, b: f64| a.abs() <= 2.0 * b.abs() && b.abs() <= 2.0 * a.abs();
    is_alike(first.0, last.0) && is_alike(first.1, last.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two stumps: `x < 1` and `x < 3`, missing to the right.
    fn stumps() -> TreeEnsemble {
        TreeEnsemble {
            features: vec!["x".to_owned(), "unused".to_owned()],
            n_outputs: 1,
            base: vec![0.5],
            tree_starts: vec![0, 3],
            tree_outputs: vec![0, 0],
            feature: vec![
                0,
                TreeEnsemble::LEAF,
                TreeEnsemble::LEAF,
                0,
                TreeEnsemble::LEAF,
                TreeEnsemble::LEAF,
            ],
            comparison: vec![Comparison::Less; 6],
            value: vec![1.0, 10.0, 20.0, 3.0, 100.0, 200.0],
            yes: vec![1, 0, 0, 4, 0, 0],
            no: vec![2, 0, 0, 5, 0, 0],
            missing_goes_yes: vec![false; 6],
            ..TreeEnsemble::default()
        }
    }

    #[test]
    fn trees_add_up_one_by_one() {
        let trees = stumps();
        assert!(is_whole(&trees));
        let columns = [vec![0.0, 2.0, f64::NAN], vec![0.0; 3]];
        let mut growing = Growing::new(&trees, 3, false);
        growing.grow(&columns).unwrap();
        assert_eq!(growing.predictions(), [10.5, 20.5, 20.5]);
        growing.grow(&columns).unwrap();
        assert_eq!(growing.predictions(), [110.5, 120.5, 220.5]);
        let mut growing = Growing::new(&trees, 3, true);
        growing.grow(&columns).unwrap();
        assert_eq!(growing.predictions(), [20.5, 40.5, 40.5]);
    }

    #[test]
    fn splits_are_counted_and_broken_trees_refused() {
        assert_eq!(n_splits(&stumps()), [2, 0]);
        let broken = TreeEnsemble {
            yes: vec![9; 6],
            ..stumps()
        };
        assert!(!is_whole(&broken));
        let endless = TreeEnsemble {
            yes: vec![0, 0, 0, 3, 0, 0],
            ..stumps()
        };
        let columns = [vec![0.0], vec![0.0]];
        assert!(Growing::new(&endless, 1, false).grow(&columns).is_none());
    }
}
