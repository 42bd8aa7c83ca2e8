//! Area under the ROC curve, with ties and an interval.
//!
//! In: one score and one truth per row. Out: the probability that a random positive row scores
//! higher than a random negative one, ties counting half.
//!
//! 0.5 is guessing, 1 perfect order. NaN scores are the caller's to drop.

use crate::error::StatsError;
use crate::moments::variance;
use crate::order::tied_groups;
use crate::proportion::{Bounds, two_sided_quantile};

/// An area with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// The area, in [0, 1]; higher is better.
    pub value: f64,
    /// `DeLong`'s standard error.
    pub standard_error: f64,
    /// Normal interval on the logit of the area, so that it stays in [0, 1].
    pub bounds: Bounds,
}

/// The area alone; `None` unless both truths occur.
///
/// As `sklearn.metrics.roc_auc_score`. Cost: one sort.
pub fn area(scores: &[f64], is_positive: &[bool]) -> Option<f64> {
    let n_positive = is_positive.iter().filter(|&&truth| truth).count();
    let n_negative = is_positive.len() - n_positive;
    if scores.len() != is_positive.len() || n_positive == 0 || n_negative == 0 {
        return None;
    }
    let placements = Placements::of(scores, is_positive);
    Some(placements.area(n_positive as f64, n_negative as f64))
}

/// Where rows of each truth stand among those of the other: how many of the others score lower, ties
/// counting half.
struct Placements {
    of_positives: Vec<f64>,
    of_negatives: Vec<f64>,
    rank_sum: f64,
}

impl Placements {
    fn of(scores: &[f64], is_positive: &[bool]) -> Self {
        let truths = is_positive.iter().copied();
        // Adding 0 makes one zero of the two.
        let scores = scores.iter().map(|score| score + 0.0);
        let mut pairs: Vec<(f64, bool)> = scores.zip(truths).collect();
        let mut placements = Self {
            of_positives: Vec::new(),
            of_negatives: Vec::new(),
            rank_sum: 0.0,
        };
        let (mut p_below, mut n_below) = (0.0, 0.0);
        for tied in tied_groups(&mut pairs) {
            let n_positive = tied.iter().filter(|(_, truth)| *truth).count();
            let n_negative = tied.len() - n_positive;
            let (p, n) = (n_positive as f64, n_negative as f64);
            placements.rank_sum += p * (p_below + n_below + f64::midpoint(p + n, 1.0));
            let of_positives = std::iter::repeat_n(n_below + n / 2.0, n_positive);
            placements.of_positives.extend(of_positives);
            let of_negatives = std::iter::repeat_n(p_below + p / 2.0, n_negative);
            placements.of_negatives.extend(of_negatives);
            (p_below, n_below) = (p_below + p, n_below + n);
        }
        placements
    }

    fn area(&self, p: f64, n: f64) -> f64 {
        (self.rank_sum - p * (p + 1.0) / 2.0) / (p * n)
    }
}

/// The area with `DeLong`'s standard error and an interval.
///
/// With an area of exactly 0 or 1, or a single row of either truth, the interval is [0, 1]: these
/// rows say nothing about how far it might be off.
///
/// # Errors
/// [`StatsError::LengthMismatch`]; [`StatsError::TooFew`] unless both truths occur;
/// [`StatsError::OutOfRange`] if `level` is not in (0, 1).
///
/// Source: `DeLong`, `DeLong` & Clarke-Pearson, 1988; computed by mid-ranks after Sun & Xu, "Fast
/// implementation of `DeLong`'s algorithm", 2014.
pub fn delong(scores: &[f64], is_positive: &[bool], level: f64) -> Result<Auc, StatsError> {
    if scores.len() != is_positive.len() {
        return Err(StatsError::LengthMismatch {
            left: scores.len(),
            right: is_positive.len(),
        });
    }
    let z = two_sided_quantile(level)?;
    let placements = Placements::of(scores, is_positive);
    let (n_positive, n_negative) = (placements.of_positives.len(), placements.of_negatives.len());
    if n_positive == 0 || n_negative == 0 {
        return Err(StatsError::TooFew {
            needed: 2,
            found: usize::from(!scores.is_empty()),
        });
    }
    let value = placements.area(n_positive as f64, n_negative as f64);
    let standard_error = (mean_variance(placements.of_positives, n_negative)
        + mean_variance(placements.of_negatives, n_positive))
    .sqrt();
    let is_open = value > 0.0 && value < 1.0 && standard_error.is_finite();
    let bounds = if is_open {
        let logit = (value / (1.0 - value)).ln();
        let half = z * standard_error / (value * (1.0 - value));
        let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
        Bounds {
            low: expit(logit - half),
            high: expit(logit + half),
        }
    } else {
        Bounds {
            low: 0.0,
            high: 1.0,
        }
    };
    Ok(Auc {
        value,
        standard_error,
        bounds,
    })
}

/// Variance of the mean placement among so many others; infinite for a single row.
fn mean_variance(mut placements: Vec<f64>, n_others: usize) -> f64 {
    for placement in &mut placements {
        *placement /= n_others as f64;
    }
    let n = placements.len() as f64;
    variance(&placements).map_or(f64::INFINITY, |spread| spread / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_pairs() {
        let scores = [0.1_f64, 0.4, 0.4, 0.8, 0.3, 0.4];
        let truth = [false, true, false, true, true, false];
        let mut wins = 0.0;
        for p in 0..6 {
            for n in 0..6 {
                if truth[p] && !truth[n] {
                    wins += f64::from(u8::from(scores[p] > scores[n]));
                    wins += 0.5 * f64::from(u8::from(scores[p].total_cmp(&scores[n]).is_eq()));
                }
            }
        }
        let actual = area(&scores, &truth).unwrap();
        assert!((actual - wins / 9.0).abs() < 1e-15);
    }

    #[test]
    fn one_truth_alone_has_no_area() {
        assert_eq!(area(&[0.1, 0.2], &[true, true]), None);
        assert!(delong(&[0.1, 0.2], &[true, true], 0.95).is_err());
        assert!(delong(&[], &[], 0.95).is_err());
    }

    #[test]
    fn a_perfect_order_of_few_rows_claims_nothing() {
        let auc = delong(&[0.1, 0.2, 0.9], &[false, false, true], 0.95).unwrap();
        assert!((auc.value - 1.0).abs() < 1e-15);
        assert_eq!(
            auc.bounds,
            Bounds {
                low: 0.0,
                high: 1.0
            }
        );
    }
}
