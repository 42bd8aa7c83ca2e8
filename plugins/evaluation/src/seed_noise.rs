//! How far a forest's decisions hang on the seed of its training.
//!
//! In: the trees of a forest and rows. Out: per row how much another forest, grown on the same rows
//! by another seed, would differ.
//!
//! Trees of a forest are drawn independently given the training rows, so their spread says what the
//! mean of as many others would do: no model is trained. Sexton & Laake (2009), Wager, Hastie &
//! Efron (2014) call it Monte Carlo variance.

use interlock_plugin_api::ensemble::{Link, TreeEnsemble};
use interlock_stats::distribution::normal_cdf;

use crate::trees::Growing;

/// Votes may leave the range of predictions by this much: rounding.
const ROUNDING: f64 = 1e-6;

/// What is known of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote {
    /// What decides: the probability above the threshold, the lead of the most probable class over the
    /// next, or the number itself.
    pub lead: f64,
    /// Standard deviation of `lead` over seeds.
    pub deviation: f64,
}

impl Vote {
    /// Probability that a forest of another seed decides otherwise. Both forests scatter around the
    /// same unknown center, so that their difference has twice the variance of one.
    pub fn turns(&self) -> f64 {
        if self.deviation > 0.0 {
            normal_cdf(-self.lead.abs() / (self.deviation * 2.0_f64.sqrt()))
        } else {
            0.0
        }
    }
}

/// The votes for rows whose figures are `predicted`. `threshold` is that of a single probability;
/// `None` for numbers. `None` if the trees are no equal votes for all outputs at once.
pub fn votes(
    trees: &TreeEnsemble,
    columns: &[Vec<f64>],
    predicted: &[f64],
    threshold: Option<f64>,
) -> Option<Vec<Vote>> {
    let n_outputs = trees.n_outputs as usize;
    let n_trees = trees.tree_starts.len();
    let is_joint = n_outputs == 1
        || trees
            .tree_outputs
            .iter()
            .all(|&output| output == TreeEnsemble::ALL_OUTPUTS);
    if !is_joint || trees.link != Link::Identity || n_trees < 2 {
        return None;
    }
    let n_rows = predicted.len() / n_outputs;
    let pairs: Vec<(usize, Option<usize>)> = predicted.chunks(n_outputs).map(first_two).collect();
    let lead = |figures: &[f64], row: usize| match pairs[row] {
        (first, Some(next)) => figures[first] - figures[next],
        (first, None) => figures[first] - threshold.unwrap_or(0.0),
    };
    let least = predicted.iter().copied().fold(f64::INFINITY, f64::min);
    let most = predicted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_possible = |vote: f64| match threshold {
        Some(_) => (-ROUNDING..=1.0 + ROUNDING).contains(&vote),
        None => vote.is_finite(),
    };
    let mut growing = Growing::new(trees, n_rows, false);
    let mut before = growing.predictions();
    // Mean and sum of squares by Welford, so that large numbers do not cancel.
    let mut found = vec![(0.0_f64, 0.0_f64); n_rows];
    for tree in 1..=n_trees {
        growing.grow(columns)?;
        let after = growing.predictions();
        let votes: Vec<f64> = after
            .iter()
            .zip(&before)
            .map(|(after, before)| (after - before) * n_trees as f64)
            .collect();
        let center = votes.iter().sum::<f64>() / votes.len().max(1) as f64;
        // A tree that corrects others is far off by itself.
        let is_off = threshold.is_none() && !(least - ROUNDING..=most + ROUNDING).contains(&center);
        if is_off || !votes.iter().all(|&vote| is_possible(vote)) {
            return None;
        }
        for (row, (mean, squares)) in found.iter_mut().enumerate() {
            let own = lead(&votes[row * n_outputs..(row + 1) * n_outputs], row);
            let step = own - *mean;
            *mean += step / tree as f64;
            *squares += step * (own - *mean);
        }
        before = after;
    }
    let scale = n_trees as f64 * (n_trees as f64 - 1.0);
    let vote = |(row, (_, squares)): (usize, &(f64, f64))| Vote {
        lead: lead(&predicted[row * n_outputs..(row + 1) * n_outputs], row),
        deviation: (squares / scale).sqrt(),
    };
    Some(found.iter().enumerate().map(vote).collect())
}

/// The greatest figure, and the greatest of the others if there are any.
fn first_two(figures: &[f64]) -> (usize, Option<usize>) {
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by(|&a, &b| figures[b].total_cmp(&figures[a]));
    (order[0], order.get(1).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four trees of one leaf each: votes 0.2, 0.4, 0.6, 1.
    fn leaves(link: Link) -> TreeEnsemble {
        TreeEnsemble {
            features: vec!["x".to_owned()],
            n_outputs: 1,
            base: vec![0.0],
            link,
            tree_starts: vec![0, 1, 2, 3],
            tree_outputs: vec![0; 4],
            feature: vec![TreeEnsemble::LEAF; 4],
            value: vec![0.05, 0.1, 0.15, 0.25],
            yes: vec![0; 4],
            no: vec![0; 4],
            missing_goes_yes: vec![false; 4],
            ..TreeEnsemble::default()
        }
    }

    #[test]
    fn the_deviation_is_the_standard_error_of_the_votes() {
        let found = votes(&leaves(Link::Identity), &[vec![1.0]], &[0.55], Some(0.5));
        let [vote] = found.unwrap()[..] else {
            unreachable!("one row")
        };
        // numpy 2, scipy 1.16: s = scipy.stats.sem([.2, .4, .6, 1]);
        // scipy.stats.norm.cdf(-0.05 / (s * 2 ** 0.5))
        assert!((vote.lead - 0.05).abs() < 1e-12);
        assert!((vote.deviation - EXPECTED.0).abs() < 1e-12, "{vote:?}");
        assert!((vote.turns() - EXPECTED.1).abs() < 1e-12, "{vote:?}");
    }

    const EXPECTED: (f64, f64) = (0.170_782_512_765_993_3, 0.417_997_249_262_420_6);

    #[test]
    fn trees_that_correct_each_other_are_no_votes() {
        assert_eq!(
            votes(&leaves(Link::Logistic), &[vec![1.0]], &[0.55], Some(0.5)),
            None
        );
        let corrections = TreeEnsemble {
            value: vec![0.5, 0.1, -0.1, 0.05],
            ..leaves(Link::Identity)
        };
        assert_eq!(votes(&corrections, &[vec![1.0]], &[0.55], Some(0.5)), None);
    }

    #[test]
    fn a_forest_whose_trees_agree_never_turns() {
        let same = TreeEnsemble {
            value: vec![0.125; 4],
            ..leaves(Link::Identity)
        };
        let found = votes(&same, &[vec![1.0]], &[0.5], Some(0.5)).unwrap();
        assert_eq!(found[0].turns().to_bits(), 0);
    }
}
