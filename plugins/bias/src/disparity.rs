//! How far the rates of several groups lie apart, with intervals.
//!
//! In: successes and rows of each group. Out: [`Disparity`], the difference and ratio of the
//! extreme rates as Fairlearn defines them.
//!
//! The difference of the extremes is the largest of all pairwise differences. Each pair gets an
//! interval at a level raised for the number of pairs (Bonferroni), so that all hold at once; the
//! largest lower end and the largest upper end then hold the largest difference. No resampling and
//! no random numbers, and for two groups it is the ordinary interval of two shares.

use interlock_stats::StatsError;
use interlock_stats::proportion::{Bounds, newcombe, two_sided_quantile, wilson};

/// Successes among rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Rows that count: selected, or found.
    pub successes: u64,
    /// Rows in all.
    pub n: u64,
}

impl Rate {
    /// The share, 0 to 1; NaN without rows.
    pub fn share(self) -> f64 {
        self.successes as f64 / self.n as f64
    }
}

/// How far the rates of groups lie apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Disparity {
    /// Position of the group with the lowest rate, the first of equals.
    pub lowest: usize,
    /// Position of the group with the highest rate, the first of equals.
    pub highest: usize,
    /// Highest rate minus lowest rate, 0 to 1; 0 is parity.
    pub difference: f64,
    /// Where the true difference lies.
    pub difference_bounds: Bounds,
    /// Lowest rate divided by highest rate, 0 to 1; 1 is parity. `None` if every rate is 0.
    pub ratio: Option<f64>,
    /// Where the true ratio lies; present with `ratio`.
    pub ratio_bounds: Option<Bounds>,
}

/// Compares the rates of at least two groups.
///
/// `n_families` is how many such comparisons stand together in one statement; their intervals then
/// hold at once with confidence `level`.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two groups; [`StatsError::Empty`] if one has no rows;
/// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
pub fn compare(rates: &[Rate], level: f64, n_families: usize) -> Result<Disparity, StatsError> {
    if rates.len() < 2 {
        return Err(StatsError::TooFew {
            needed: 2,
            found: rates.len(),
        });
    }
    if rates.iter().any(|rate| rate.n == 0) {
        return Err(StatsError::Empty);
    }
    let (mut lowest, mut highest) = (0, 0);
    for (at, rate) in rates.iter().enumerate() {
        if rate.share() < rates[lowest].share() {
            lowest = at;
        }
        if rate.share() > rates[highest].share() {
            highest = at;
        }
    }
    let (low, high) = (rates[lowest].share(), rates[highest].share());
    let n_pairs = rates.len() * (rates.len() - 1) / 2 * n_families.max(1);
    let raised = 1.0 - (1.0 - level) / n_pairs as f64;
    let ratio = (high > 0.0).then(|| low / high);
    let ratio_bounds = match ratio {
        Some(_) => Some(smallest_ratio(rates, raised)?),
        None => None,
    };
    Ok(Disparity {
        lowest,
        highest,
        difference: high - low,
        difference_bounds: largest_difference(rates, raised)?,
        ratio,
        ratio_bounds,
    })
}

/// Interval for `p₁ / p₂` of two independent samples, by the method of variance estimates
/// recovery from their Wilson intervals (MOVER-R). The upper end is infinite where the lower end
/// of `p₂` is 0.
///
/// # Errors
/// As [`wilson`], for either sample.
///
/// Source: Donner & Zou, "Closed-form confidence intervals for functions of the normal mean and
/// standard deviation", 2012, and Fagerland & Newcombe, "Confidence intervals for odds ratio and
/// relative risk based on the inverse hyperbolic sine transformation", 2013.
pub fn ratio_interval(top: Rate, bottom: Rate, level: f64) -> Result<Bounds, StatsError> {
    let first = wilson(top.successes, top.n, level)?;
    let second = wilson(bottom.successes, bottom.n, level)?;
    let (p, q) = (top.share(), bottom.share());
    let square = p * q * (p * q);
    let low = {
        let (l, u) = (first.low, second.high);
        let root = (square - l * u * (2.0 * p - l) * (2.0 * q - u))
            .max(0.0)
            .sqrt();
        (p * q - root) / (u * (2.0 * q - u))
    };
    let high = {
        let (u, l) = (first.high, second.low);
        let root = (square - u * l * (2.0 * p - u) * (2.0 * q - l))
            .max(0.0)
            .sqrt();
        (p * q + root) / (l * (2.0 * q - l))
    };
    Ok(Bounds {
        low: if low.is_finite() { low.max(0.0) } else { 0.0 },
        high: if high.is_finite() && high >= 0.0 {
            high
        } else {
            f64::INFINITY
        },
    })
}

/// Rows each of two groups would need for the interval of their difference to reach no further
/// than `half_width` either way, given the rates seen.
pub fn rows_needed(low: f64, high: f64, half_width: f64, level: f64) -> Option<f64> {
    let z = two_sided_quantile(level).ok()?;
    // A rate of 0 or 1 says little about its variance; the middle one is kept apart from both.
    let spread = |rate: f64| {
        let rate = rate.clamp(0.05, 0.95);
        rate * (1.0 - rate)
    };
    let rows = (z * z * (spread(low) + spread(high)) / (half_width * half_width)).ceil();
    rows.is_finite().then_some(rows)
}

fn largest_difference(rates: &[Rate], level: f64) -> Result<Bounds, StatsError> {
    let mut found = Bounds {
        low: 0.0,
        high: 0.0,
    };
    for (at, &a) in rates.iter().enumerate() {
        for &b in &rates[..at] {
            let (top, bottom) = if a.share() >= b.share() {
                (a, b)
            } else {
                (b, a)
            };
            let pair = newcombe((top.successes, top.n), (bottom.successes, bottom.n), level)?;
            found.low = found.low.max(pair.low);
            found.high = found.high.max(pair.high).max(-pair.low);
        }
    }
    Ok(found)
}

fn smallest_ratio(rates: &[Rate], level: f64) -> Result<Bounds, StatsError> {
    let mut found = Bounds {
        low: 1.0,
        high: 1.0,
    };
    for (at, &a) in rates.iter().enumerate() {
        for &b in &rates[..at] {
            let (top, bottom) = if a.share() <= b.share() {
                (a, b)
            } else {
                (b, a)
            };
            if bottom.successes == 0 {
                continue;
            }
            let pair = ratio_interval(top, bottom, level)?;
            // Whichever group is truly ahead, the ratio is taken the way that is at most 1.
            found.low = found.low.min(pair.low).min(1.0 / pair.high);
            found.high = found.high.min(pair.high);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    fn rates(counts: &[(u64, u64)]) -> Vec<Rate> {
        counts
            .iter()
            .map(|&(successes, n)| Rate { successes, n })
            .collect()
    }

    #[track_caller]
    fn close(actual: f64, expected: f64) {
        assert!(
            (actual - expected).abs() <= 1e-12,
            "expected {expected}, got {actual}"
        );
    }

    #[test]
    fn difference_and_ratio_are_those_of_fairlearn() {
        // g = ["a"]*40 + ["b"]*50 + ["c"]*30; p = [1]*30 + [0]*10 + [1]*20 + [0]*30 + [1]*18 + [0]*12
        // fairlearn.metrics.demographic_parity_difference(p, p, sensitive_features=g) = 0.35
        // fairlearn.metrics.demographic_parity_ratio(p, p, sensitive_features=g) = 0.5333333333333333
        let found = compare(&rates(&[(30, 40), (20, 50), (18, 30)]), 0.95, 1).unwrap();
        close(found.difference, 0.35);
        close(found.ratio.unwrap(), 0.533_333_333_333_333_3);
        assert_eq!((found.lowest, found.highest), (1, 0));
    }

    #[test]
    fn two_groups_have_the_ordinary_interval() {
        // statsmodels-free: the published example of Newcombe (1998), table II: 56/70 and 48/80.
        let found = compare(&rates(&[(48, 80), (56, 70)]), 0.95, 1).unwrap();
        assert!((found.difference_bounds.low - 0.0524).abs() < 5e-5);
        assert!((found.difference_bounds.high - 0.3339).abs() < 5e-5);
    }

    #[test]
    fn more_groups_widen_the_interval() {
        let two = compare(&rates(&[(48, 80), (56, 70)]), 0.95, 1).unwrap();
        let three = compare(&rates(&[(48, 80), (56, 70), (52, 75)]), 0.95, 1).unwrap();
        close(two.difference, three.difference);
        assert!(three.difference_bounds.low < two.difference_bounds.low);
        assert!(three.difference_bounds.high > two.difference_bounds.high);
    }

    #[test]
    fn nobody_selected_has_no_ratio() {
        // fairlearn.metrics.demographic_parity_ratio([0]*4, [0]*4, sensitive_features=[0,0,1,1]) is nan
        let found = compare(&rates(&[(0, 40), (0, 50)]), 0.95, 1).unwrap();
        assert_eq!((found.ratio, found.ratio_bounds), (None, None));
        close(found.difference, 0.0);
    }

    #[test]
    fn one_group_selected_has_ratio_zero() {
        let found = compare(&rates(&[(0, 40), (20, 50)]), 0.95, 1).unwrap();
        assert_eq!(found.ratio, Some(0.0));
        let bounds = found.ratio_bounds.unwrap();
        assert!(bounds.low == 0.0 && bounds.high > 0.0 && bounds.high < 1.0);
    }

    #[test]
    fn too_few_groups_and_empty_groups_are_errors() {
        assert!(compare(&rates(&[(1, 2)]), 0.95, 1).is_err());
        assert!(compare(&rates(&[(1, 2), (0, 0)]), 0.95, 1).is_err());
    }

    /// Draws samples of known rates and counts how often the intervals hold the truth.
    fn coverage(truth: &[f64], sizes: &[u64]) -> (f64, f64) {
        let mut rng = Rng::new(11);
        let most = truth.iter().copied().fold(0.0, f64::max);
        let least = truth.iter().copied().fold(1.0, f64::min);
        let (mut difference, mut ratio, n) = (0, 0, 4000);
        for _ in 0..n {
            let drawn: Vec<Rate> = truth
                .iter()
                .zip(sizes)
                .map(|(&p, &n)| Rate {
                    successes: (0..n).filter(|_| rng.uniform() < p).count() as u64,
                    n,
                })
                .collect();
            let found = compare(&drawn, 0.95, 1).unwrap();
            difference += u64::from(found.difference_bounds.contains(most - least));
            ratio += u64::from(found.ratio_bounds.is_none_or(|b| b.contains(least / most)));
        }
        (
            difference as f64 / f64::from(n),
            ratio as f64 / f64::from(n),
        )
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_promise() {
        // 4000 draws: the standard error of a coverage of 0.95 is 0.0034.
        for (truth, sizes) in [
            (vec![0.7, 0.5], vec![60, 90]),
            (vec![0.1, 0.05], vec![80, 120]),
            (vec![0.4, 0.4], vec![50, 50]),
            (vec![0.6, 0.5, 0.35, 0.5], vec![50, 80, 60, 40]),
        ] {
            let (difference, ratio) = coverage(&truth, &sizes);
            assert!(difference > 0.935, "{truth:?}: difference {difference}");
            assert!(ratio > 0.935, "{truth:?}: ratio {ratio}");
        }
    }

    #[test]
    fn rows_needed_hold_the_interval_to_the_width_asked() {
        let n = rows_needed(0.4, 0.5, 0.1, 0.95).unwrap();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few hundred rows"
        )]
        let rate = |share: f64| ((n * share).round() as u64, n as u64);
        let bounds = newcombe(rate(0.5), rate(0.4), 0.95).unwrap();
        let half = (bounds.high - bounds.low) / 2.0;
        assert!((half - 0.1).abs() < 0.005, "{n} rows give {half}");
    }
}
