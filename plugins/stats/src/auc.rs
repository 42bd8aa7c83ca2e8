//! Area under the ROC curve, with ties and an interval.
//!
//! In: one score and one truth per row. Out: the probability that a random positive row scores
//! higher than a random negative one, ties counting half.
//!
//! 0.5 is guessing, 1 perfect order. NaN scores are the caller's to drop.

use crate::error::StatsError;
use crate::moments::variance;
use crate::order::ranks;
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
    let rank_sum: f64 = ranks(scores)
        .iter()
        .zip(is_positive)
        .filter_map(|(rank, &truth)| truth.then_some(rank))
        .sum();
    let (p, n) = (n_positive as f64, n_negative as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
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
    let value = area(scores, is_positive).ok_or(StatsError::TooFew {
        needed: 2,
        found: usize::from(!scores.is_empty()),
    })?;
    let joint = ranks(scores);
    let standard_error = (placement_variance(&joint, scores, is_positive, true)
        + placement_variance(&joint, scores, is_positive, false))
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

/// Variance of the mean placement of the rows with this truth among those without; infinite for a
/// single row.
fn placement_variance(joint: &[f64], scores: &[f64], is_positive: &[bool], truth: bool) -> f64 {
    let rows: Vec<usize> = (0..scores.len())
        .filter(|&row| is_positive[row] == truth)
        .collect();
    let own_scores: Vec<f64> = rows.iter().map(|&row| scores[row]).collect();
    let own = ranks(&own_scores);
    let n_others = (scores.len() - rows.len()) as f64;
    let placements: Vec<f64> = rows
        .iter()
        .zip(&own)
        .map(|(&row, rank)| (joint[row] - rank) / n_others)
        .collect();
    variance(&placements).map_or(f64::INFINITY, |spread| spread / rows.len() as f64)
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
