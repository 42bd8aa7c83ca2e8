//! How far a forest's decisions hang on the seed of its training.
//!
//! In: the trees of a forest and rows. Out: per row how much another forest, grown on the same rows
//! by another seed, would differ.
//!
//! Trees of a forest are drawn independently given the training rows, so their spread says what the
//! mean of as many others would do: no model is trained. Sexton & Laake (2009), Wager, Hastie &
//! Efron (2014) call it Monte Carlo variance.

use interlock_plugin_api::ensemble::{Link, TreeEnsemble};
use interlock_stats::distribution::{normal_cdf, student_quantile};
use interlock_stats::moments::{mean, variance};
use interlock_stats::proportion::Bounds;

use crate::trees::Growing;

/// Groups of trees that are left out in turn.
const MAX_GROUPS: usize = 20;

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

/// The votes of all trees, and of all but one group of them in turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Votes {
    /// Of all trees.
    pub rows: Vec<Vote>,
    /// Without each group; the deviation is still that of as many trees as there are.
    pub without: Vec<Vec<Vote>>,
}

impl Votes {
    /// The mean of a figure over rows, and its interval.
    ///
    /// The variance is that over rows and that over trees, by the grouped jackknife, added up: all
    /// rows hang on the same trees. Student's quantile has as many degrees of freedom as groups but
    /// one.
    pub fn mean_of(&self, figure: impl Fn(&Vote) -> f64, level: f64) -> Option<(f64, Bounds)> {
        let over_rows = |votes: &[Vote]| votes.iter().map(&figure).collect::<Vec<f64>>();
        let own = over_rows(&self.rows);
        let without: Option<Vec<f64>> = self
            .without
            .iter()
            .map(|votes| mean(&over_rows(votes)))
            .collect();
        let (value, without) = (mean(&own)?, without?);
        let n_groups = without.len() as f64;
        let by_trees = variance(&without)? * (n_groups - 1.0).powi(2) / n_groups;
        let by_rows = variance(&own)? / own.len() as f64;
        let quantile = student_quantile(f64::midpoint(1.0, level), n_groups - 1.0);
        let half = quantile * (by_trees + by_rows).sqrt();
        let bounds = Bounds {
            low: value - half,
            high: value + half,
        };
        half.is_finite().then_some((value, bounds))
    }
}

/// Sums of some trees' votes over what all predict.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, vote: f64) {
        self.n += 1.0;
        self.sum += vote;
        self.squares += vote * vote;
    }

    fn without(self, other: Self) -> Self {
        Self {
            n: self.n - other.n,
            sum: self.sum - other.sum,
            squares: self.squares - other.squares,
        }
    }

    /// The vote of these trees, with the deviation of so many.
    fn vote(self, lead: f64, n_trees: f64) -> Vote {
        let center = self.sum / self.n;
        let spread = (self.squares - self.n * center * center).max(0.0) / (self.n - 1.0);
        Vote {
            lead: lead + center,
            deviation: (spread / n_trees).sqrt(),
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
) -> Option<Votes> {
    let n_outputs = trees.n_outputs as usize;
    let n_trees = trees.tree_starts.len();
    let is_joint = n_outputs == 1
        || trees
            .tree_outputs
            .iter()
            .all(|&output| output == TreeEnsemble::ALL_OUTPUTS);
    if !is_joint || trees.link != Link::Identity || n_trees < 3 {
        return None;
    }
    let n_rows = predicted.len() / n_outputs;
    let pairs: Vec<(usize, Option<usize>)> = predicted.chunks(n_outputs).map(first_two).collect();
    let lead = |figures: &[f64], row: usize| match pairs[row] {
        (first, Some(next)) => figures[first] - figures[next],
        (first, None) => figures[first] - threshold.unwrap_or(0.0),
    };
    let leads: Vec<f64> = predicted
        .chunks(n_outputs)
        .enumerate()
        .map(|(row, figures)| lead(figures, row))
        .collect();
    let is_possible = possible(predicted, threshold);
    let n_groups = n_trees.min(MAX_GROUPS);
    let mut growing = Growing::new(trees, n_rows, false);
    let mut before = growing.predictions();
    let mut sums = vec![vec![Sums::default(); n_rows]; n_groups];
    for tree in 0..n_trees {
        growing.grow(columns)?;
        let after = growing.predictions();
        let votes: Vec<f64> = after
            .iter()
            .zip(&before)
            .map(|(after, before)| (after - before) * n_trees as f64)
            .collect();
        if !is_possible(&votes) {
            return None;
        }
        // Trees are drawn alike, so any groups of them are.
        for (row, (sums, votes)) in sums[tree % n_groups]
            .iter_mut()
            .zip(votes.chunks(n_outputs))
            .enumerate()
        {
            sums.add(lead(votes, row) - leads[row]);
        }
        before = after;
    }
    let all = |row: usize| -> Sums {
        sums.iter().fold(Sums::default(), |all, group| Sums {
            n: all.n + group[row].n,
            sum: all.sum + group[row].sum,
            squares: all.squares + group[row].squares,
        })
    };
    let all: Vec<Sums> = (0..n_rows).map(all).collect();
    let vote = |row: usize, sums: Sums| sums.vote(leads[row], n_trees as f64);
    let without = sums.iter().map(|group| {
        let rows = all.iter().zip(group).enumerate();
        rows.map(|(row, (all, group))| vote(row, all.without(*group)))
            .collect()
    });
    Some(Votes {
        without: without.collect(),
        rows: (0..n_rows).map(|row| vote(row, all[row])).collect(),
    })
}

/// Whether votes can be those of a forest with these predictions: each a probability, or numbers that
/// are not off as a whole, as a tree is that corrects others.
fn possible(predicted: &[f64], threshold: Option<f64>) -> impl Fn(&[f64]) -> bool {
    let least = predicted.iter().copied().fold(f64::INFINITY, f64::min);
    let most = predicted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    move |votes| {
        let center = mean(votes).unwrap_or(f64::NAN);
        match threshold {
            Some(_) => votes
                .iter()
                .all(|vote| (-ROUNDING..=1.0 + ROUNDING).contains(vote)),
            None => (least - ROUNDING..=most + ROUNDING).contains(&center),
        }
    }
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
        let found = found.unwrap();
        let vote = found.rows[0];
        // numpy 2, scipy 1.16: s = scipy.stats.sem([.2, .4, .6, 1]);
        // scipy.stats.norm.cdf(-0.05 / (s * 2 ** 0.5))
        assert!((vote.lead - 0.05).abs() < 1e-12);
        // Without the first: 0.4, 0.6, 1.
        assert!((found.without[0][0].lead - (2.0 / 3.0 - 0.5)).abs() < 1e-12);
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
        assert_eq!(found.rows[0].turns().to_bits(), 0);
        assert_eq!(found.mean_of(Vote::turns, 0.95), None, "one row");
    }
}
