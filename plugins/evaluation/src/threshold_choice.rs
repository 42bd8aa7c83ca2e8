//! Which threshold serves best, and what it truly gains.
//!
//! In: probabilities, truths, the threshold in use, a criterion. Out: the score of every threshold,
//! the best one, and its gain measured on rows it was not chosen on.
//!
//! A threshold chosen on the same rows it is judged by always looks better than it is. Therefore
//! the rows are cut into ten parts; each part is decided by the threshold that is best on the other
//! nine, and the gain is read from these decisions (cross-fitting).

use interlock_stats::order::{quantile_sorted, sorted};
use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;

/// Parts of the cross-fitting.
pub const N_FOLDS: usize = 10;

/// Different thresholds that are tried at most; beyond, quantiles of the probabilities.
pub const MAX_CANDIDATES: usize = 1000;

/// Scores nearer than this are the same.
const SAME: f64 = 1e-12;

/// What is best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// Harmonic mean of precision and recall of the positive class.
    F1,
    /// Matthews correlation.
    Matthews,
    /// Mean recall of both classes.
    BalancedAccuracy,
    /// Recall of the positive class less the share of negative rows called positive.
    Youden,
    /// The cost of mistakes; its score is the negative mean cost per row.
    Cost {
        /// Of a negative row called positive.
        false_positive: f64,
        /// Of a positive row called negative.
        false_negative: f64,
    },
}

/// Counts of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Positive rows called positive.
    pub true_positive: f64,
    /// Negative rows called positive.
    pub false_positive: f64,
    /// Positive rows called negative.
    pub false_negative: f64,
    /// Negative rows called negative.
    pub true_negative: f64,
}

impl Tally {
    /// How good the decisions are; larger is better. Rates of nothing are 0.
    pub fn score(&self, criterion: Criterion) -> f64 {
        let (tp, fp, r#fn, tn) = (
            self.true_positive,
            self.false_positive,
            self.false_negative,
            self.true_negative,
        );
        match criterion {
            Criterion::F1 => share(2.0 * tp, 2.0 * tp + fp + r#fn),
            Criterion::Matthews => {
                let spread = (tp + fp) * (tp + r#fn) * (tn + fp) * (tn + r#fn);
                share(tp * tn - fp * r#fn, spread.sqrt())
            }
            Criterion::BalancedAccuracy => f64::midpoint(share(tp, tp + r#fn), share(tn, tn + fp)),
            Criterion::Youden => share(tp, tp + r#fn) - share(fp, tn + fp),
            Criterion::Cost {
                false_positive,
                false_negative,
            } => -share(
                false_positive * fp + false_negative * r#fn,
                tp + fp + r#fn + tn,
            ),
        }
    }

    /// Share of rows called positive that are.
    pub fn precision(&self) -> f64 {
        share(self.true_positive, self.true_positive + self.false_positive)
    }

    /// Share of positive rows called positive.
    pub fn recall(&self) -> f64 {
        share(self.true_positive, self.true_positive + self.false_negative)
    }
}

/// What the second decisions gain over the first; for costs the share of the cost that is saved.
pub fn gain(criterion: Criterion, used: &Tally, other: &Tally) -> f64 {
    let (before, after) = (used.score(criterion), other.score(criterion));
    match criterion {
        Criterion::Cost { .. } => share(after - before, -before),
        _ => after - before,
    }
}

/// A threshold and the decisions it makes on all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Rows are positive from this probability.
    pub threshold: f64,
    /// Decisions.
    pub tally: Tally,
}

/// Rows counted between candidate thresholds.
#[derive(Debug, Clone)]
pub struct Choice {
    thresholds: Vec<f64>,
    /// Position of the threshold in use.
    used: usize,
    /// `counts[(bin * N_FOLDS + fold) * 2 + truth]`; a row of bin b is positive for candidates
    /// below b.
    counts: Vec<f64>,
}

/// The gain of choosing, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// On rows the threshold was not chosen on.
    pub value: f64,
    /// Normal, with the standard error of the jackknife over rows.
    pub bounds: Bounds,
    /// The least of the thresholds chosen on nine parts.
    pub least: f64,
    /// The greatest of them.
    pub greatest: f64,
}

impl Choice {
    /// One sort, then one search per row.
    pub fn new(probabilities: &[f64], is_positive: &[bool], used: f64, seed: u64) -> Self {
        let thresholds = candidates(probabilities, used);
        let place = thresholds.partition_point(|other| *other < used);
        let mut counts = vec![0.0; (thresholds.len() + 1) * N_FOLDS * 2];
        let folds = folds(is_positive, seed);
        for ((p, &truth), fold) in probabilities.iter().zip(is_positive).zip(folds) {
            let bin = thresholds.partition_point(|threshold| threshold <= p);
            counts[(bin * N_FOLDS + fold) * 2 + usize::from(truth)] += 1.0;
        }
        Self {
            thresholds,
            used: place,
            counts,
        }
    }

    fn count(&self, bin: usize, fold: usize, truth: usize) -> f64 {
        self.counts[(bin * N_FOLDS + fold) * 2 + truth]
    }

    /// The decisions of every candidate on the rows of some folds, ascending thresholds.
    fn tallies(&self, is_in: impl Fn(usize) -> bool) -> Vec<Candidate> {
        let folds: Vec<usize> = (0..N_FOLDS).filter(|&fold| is_in(fold)).collect();
        let of = |bin: usize, truth: usize| -> f64 {
            folds.iter().map(|&fold| self.count(bin, fold, truth)).sum()
        };
        let n_bins = self.thresholds.len() + 1;
        let mut below = [0.0; 2];
        let mut above = [0, 1].map(|truth| (0..n_bins).map(|bin| of(bin, truth)).sum::<f64>());
        let places = self.thresholds.iter().enumerate();
        places
            .map(|(bin, &threshold)| {
                for truth in [0, 1] {
                    let own = of(bin, truth);
                    below[truth] += own;
                    above[truth] -= own;
                }
                Candidate {
                    threshold,
                    tally: Tally {
                        true_positive: above[1],
                        false_positive: above[0],
                        false_negative: below[1],
                        true_negative: below[0],
                    },
                }
            })
            .collect()
    }

    /// Every candidate on all rows, ascending thresholds.
    pub fn all(&self) -> Vec<Candidate> {
        self.tallies(|_| true)
    }

    /// The threshold in use on all rows.
    pub fn in_use(&self) -> Candidate {
        self.all()[self.used]
    }

    /// The best candidate; among equals the nearest to the threshold in use.
    pub fn best(&self, criterion: Criterion) -> Candidate {
        let all = self.all();
        all[self.best_of(&all, criterion)]
    }

    fn best_of(&self, candidates: &[Candidate], criterion: Criterion) -> usize {
        let used = self.thresholds[self.used];
        let (mut best, mut most) = (self.used, candidates[self.used].tally.score(criterion));
        for (at, candidate) in candidates.iter().enumerate() {
            let score = candidate.tally.score(criterion);
            let distance = |at: usize| (self.thresholds[at] - used).abs();
            let is_nearer = score > most - SAME && distance(at) < distance(best);
            if score > most + SAME || is_nearer {
                (best, most) = (at, score.max(most));
            }
        }
        best
    }

    /// The gain over the threshold in use, cross-fitted; `z` is the quantile of the interval.
    pub fn gain(&self, criterion: Criterion, z: f64) -> Gain {
        // Rows by truth, decision of the chosen threshold, decision of the one in use.
        let mut cells = [0.0; 8];
        let mut chosen = Vec::with_capacity(N_FOLDS);
        for own in 0..N_FOLDS {
            let at = self.best_of(&self.tallies(|fold| fold != own), criterion);
            chosen.push(self.thresholds[at]);
            for bin in 0..=self.thresholds.len() {
                for truth in [0, 1] {
                    let decisions = usize::from(bin > at) * 2 + usize::from(bin > self.used) * 4;
                    cells[truth + decisions] += self.count(bin, own, truth);
                }
            }
        }
        let value = cross_fitted(criterion, &cells);
        let half = z * jackknife_error(criterion, &cells);
        Gain {
            value,
            bounds: Bounds {
                low: value - half,
                high: value + half,
            },
            least: chosen.iter().copied().fold(f64::INFINITY, f64::min),
            greatest: chosen.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// The gain of the decisions counted in cells of truth + 2 · chosen + 4 · in use.
fn cross_fitted(criterion: Criterion, cells: &[f64; 8]) -> f64 {
    let tally = |bit: usize| {
        let of = |truth: usize, is_positive: bool| -> f64 {
            (0..8)
                .filter(|cell| cell & 1 == truth && (cell & bit != 0) == is_positive)
                .map(|cell| cells[cell])
                .sum()
        };
        Tally {
            true_positive: of(1, true),
            false_positive: of(0, true),
            false_negative: of(1, false),
            true_negative: of(0, false),
        }
    };
    gain(criterion, &tally(4), &tally(2))
}

/// The jackknife that leaves out one row in turn: rows of one cell all give the same.
fn jackknife_error(criterion: Criterion, cells: &[f64; 8]) -> f64 {
    let n: f64 = cells.iter().sum();
    let left_out = std::array::from_fn::<f64, 8, _>(|cell| {
        let mut fewer = *cells;
        fewer[cell] -= 1.0;
        if cells[cell] > 0.0 {
            cross_fitted(criterion, &fewer)
        } else {
            0.0
        }
    });
    let pairs = || cells.iter().zip(&left_out);
    let mean = pairs().map(|(count, value)| count * value).sum::<f64>() / n;
    let squares: f64 = pairs()
        .map(|(count, value)| count * (value - mean).powi(2))
        .sum();
    (squares * (n - 1.0) / n).sqrt()
}

/// The different probabilities, the one above all of them, and the threshold in use; ascending.
fn candidates(probabilities: &[f64], used: f64) -> Vec<f64> {
    let ascending = sorted(probabilities);
    let mut different = ascending.clone();
    different.dedup_by(|a, b| a.total_cmp(b).is_eq());
    if different.len() > MAX_CANDIDATES {
        let last = (MAX_CANDIDATES - 1) as f64;
        different = (0..MAX_CANDIDATES)
            .filter_map(|at| quantile_sorted(&ascending, at as f64 / last))
            .collect();
    }
    different.extend(ascending.last().map(|greatest| greatest.next_up()));
    different.push(used);
    different.sort_unstable_by(f64::total_cmp);
    different.dedup_by(|a, b| a.total_cmp(b).is_eq());
    different
}

/// A part per row, each with its share of either truth.
fn folds(is_positive: &[bool], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..is_positive.len()).collect();
    Rng::for_stream(seed, 5).shuffle(&mut order);
    let mut folds = vec![0; order.len()];
    let mut next = [0, N_FOLDS / 2];
    for row in order {
        let fold = &mut next[usize::from(is_positive[row])];
        folds[row] = *fold % N_FOLDS;
        *fold += 1;
    }
    folds
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(n: usize) -> (Vec<f64>, Vec<bool>) {
        let mut rng = Rng::new(12);
        let truths: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.3).collect();
        let scores = truths
            .iter()
            .map(|&truth| {
                let margin = rng.normal() + f64::from(u8::from(truth)) - 1.5;
                (100.0 / (1.0 + (-margin).exp())).round() / 100.0
            })
            .collect();
        (scores, truths)
    }

    fn tally(decided: &[bool], truths: &[bool]) -> Tally {
        let mut tally = Tally::default();
        for (&decided, &truth) in decided.iter().zip(truths) {
            let count = match (decided, truth) {
                (true, true) => &mut tally.true_positive,
                (true, false) => &mut tally.false_positive,
                (false, true) => &mut tally.false_negative,
                (false, false) => &mut tally.true_negative,
            };
            *count += 1.0;
        }
        tally
    }

    /// The gain and its error row by row, without any counts.
    fn brute(scores: &[f64], truths: &[bool], criterion: Criterion, seed: u64) -> (f64, f64) {
        let folds = folds(truths, seed);
        let candidates = candidates(scores, 0.5);
        let mut chosen = vec![false; scores.len()];
        for own in 0..N_FOLDS {
            let rows: Vec<usize> = (0..scores.len()).filter(|&row| folds[row] != own).collect();
            let score = |threshold: f64| {
                let decided: Vec<bool> = rows.iter().map(|&row| scores[row] >= threshold).collect();
                let truths: Vec<bool> = rows.iter().map(|&row| truths[row]).collect();
                tally(&decided, &truths).score(criterion)
            };
            let most = candidates
                .iter()
                .map(|&t| score(t))
                .fold(f64::MIN, f64::max);
            let best = candidates
                .iter()
                .filter(|&&t| score(t) > most - SAME)
                .min_by(|a, b| (*a - 0.5).abs().total_cmp(&(*b - 0.5).abs()));
            for row in (0..scores.len()).filter(|&row| folds[row] == own) {
                chosen[row] = scores[row] >= *best.unwrap();
            }
        }
        let used: Vec<bool> = scores.iter().map(|&p| p >= 0.5).collect();
        let without = |left_out: usize| {
            let of = |rows: &[bool]| -> Vec<bool> {
                let kept = rows.iter().enumerate().filter(|(row, _)| *row != left_out);
                kept.map(|(_, value)| *value).collect()
            };
            let truths = of(truths);
            gain(
                criterion,
                &tally(&of(&used), &truths),
                &tally(&of(&chosen), &truths),
            )
        };
        let values: Vec<f64> = (0..scores.len()).map(without).collect();
        let n = scores.len() as f64;
        let variance = interlock_stats::moments::variance(&values).unwrap();
        (
            without(usize::MAX),
            (variance * (n - 1.0) * (n - 1.0) / n).sqrt(),
        )
    }

    #[test]
    fn gain_and_error_are_those_of_a_row_by_row_computation() {
        let (scores, truths) = drawn(150);
        for criterion in [
            Criterion::F1,
            Criterion::Matthews,
            Criterion::BalancedAccuracy,
            Criterion::Youden,
            Criterion::Cost {
                false_positive: 1.0,
                false_negative: 5.0,
            },
        ] {
            let choice = Choice::new(&scores, &truths, 0.5, 4);
            let found = choice.gain(criterion, 1.0);
            let (value, error) = brute(&scores, &truths, criterion, 4);
            assert!((found.value - value).abs() < 1e-12, "{criterion:?}");
            let own = (found.bounds.high - found.bounds.low) / 2.0;
            assert!((own - error).abs() < 1e-12, "{criterion:?}: {own} {error}");
        }
    }

    #[test]
    fn a_threshold_that_cannot_be_better_stays() {
        let scores = [0.1, 0.2, 0.3, 0.8, 0.9];
        let truths = [false, false, false, true, true];
        let choice = Choice::new(&scores, &truths, 0.5, 0);
        let best = choice.best(Criterion::F1);
        assert!((best.threshold - 0.5).abs() < 1e-15);
        let gain = choice.gain(Criterion::F1, 2.0);
        assert!(gain.value.abs() < 1e-15 && gain.bounds.high.abs() < 1e-15);
        // Dear false alarms: best to call no row positive.
        let dear = Criterion::Cost {
            false_positive: 1000.0,
            false_negative: 1.0,
        };
        let none = Choice::new(&[0.9, 0.8, 0.7], &[true, false, false], 0.5, 0).best(dear);
        assert!(none.threshold > 0.8, "{none:?}");
        assert!(none.tally.false_positive.abs() < 1e-15);
    }

    #[test]
    fn many_scores_are_tried_at_quantiles_and_count_the_same_rows() {
        let mut rng = Rng::new(2);
        let scores: Vec<f64> = (0..5000).map(|_| rng.uniform()).collect();
        let truths: Vec<bool> = scores.iter().map(|&p| rng.uniform() < p).collect();
        let choice = Choice::new(&scores, &truths, 0.5, 0);
        assert!(choice.all().len() <= MAX_CANDIDATES + 2);
        for candidate in choice.all().iter().step_by(97) {
            let decided: Vec<bool> = scores.iter().map(|&p| p >= candidate.threshold).collect();
            assert_eq!(candidate.tally, tally(&decided, &truths));
        }
        assert!(Choice::new(&[], &[], 0.5, 0).all().len() == 1);
    }
}
