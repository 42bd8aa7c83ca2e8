//! Intervals for a share and for the difference of two shares.
//!
//! In: counts of successes and rows. Out: [`Bounds`] that hold the true share with the stated
//! confidence, also for 0 of n and n of n, where the textbook interval has no width.
//!
//! Two-sided throughout; `level` is the confidence in (0, 1), usually 0.95.

use crate::distribution::normal_quantile;
use crate::error::StatsError;

/// A closed range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower end, inclusive.
    pub low: f64,
    /// Upper end, inclusive.
    pub high: f64,
}

impl Bounds {
    /// Whether `value` lies in the range, ends included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The normal quantile that leaves `(1 − level) / 2` on each side.
///
/// # Errors
/// [`StatsError::OutOfRange`] if `level` is not strictly between 0 and 1.
pub fn two_sided_quantile(level: f64) -> Result<f64, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange);
    }
    // From the small tail, which keeps its digits for levels close to 1.
    Ok(-normal_quantile((1.0 - level) / 2.0))
}

/// Wilson's score interval for a share.
///
/// Asymmetric about `successes / n`, always inside [0, 1], and close to its promised coverage down
/// to a handful of rows. No continuity correction. As
/// `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
///
/// # Errors
/// [`StatsError::Empty`] for `n = 0`; [`StatsError::OutOfRange`] if `successes > n` or `level` is
/// not in (0, 1).
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
///
/// # Example
/// ```
/// let bounds = interlock_stats::proportion::wilson(0, 10, 0.95)?;
/// assert!(bounds.low == 0.0 && (bounds.high - 0.2775).abs() < 1e-4);
/// # Ok::<(), interlock_stats::StatsError>(())
/// ```
pub fn wilson(successes: u64, n: u64, level: f64) -> Result<Bounds, StatsError> {
    let z = two_sided_quantile(level)?;
    if n == 0 {
        return Err(StatsError::Empty);
    }
    if successes > n {
        return Err(StatsError::OutOfRange);
    }
    let (total, square) = (n as f64, z * z);
    let share = successes as f64 / total;
    let center = (share + square / (2.0 * total)) / (1.0 + square / total);
    let half = z / (1.0 + square / total)
        * (share * (1.0 - share) / total + square / (4.0 * total * total)).sqrt();
    Ok(Bounds {
        low: if successes == 0 {
            0.0
        } else {
            (center - half).max(0.0)
        },
        high: if successes == n {
            1.0
        } else {
            (center + half).min(1.0)
        },
    })
}

/// Newcombe's interval for `p₁ − p₂` of two independent samples, built from their Wilson intervals.
///
/// `left` and `right` are `(successes, n)`. Inside [−1, 1]; swapping the samples negates and swaps
/// the ends. No continuity correction.
///
/// # Errors
/// As [`wilson`], for either sample.
///
/// Source: Newcombe, "Interval estimation for the difference between independent proportions:
/// comparison of eleven methods", Statistics in Medicine 17, 1998, method 10.
pub fn newcombe(left: (u64, u64), right: (u64, u64), level: f64) -> Result<Bounds, StatsError> {
    let first = wilson(left.0, left.1, level)?;
    let second = wilson(right.0, right.1, level)?;
    let p = left.0 as f64 / left.1 as f64;
    let q = right.0 as f64 / right.1 as f64;
    let difference = p - q;
    Ok(Bounds {
        low: (difference - (p - first.low).hypot(second.high - q)).max(-1.0),
        high: (difference + (first.high - p).hypot(q - second.low)).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: Bounds, low: f64, high: f64, tolerance: f64) {
        assert!(
            (actual.low - low).abs() <= tolerance && (actual.high - high).abs() <= tolerance,
            "expected {low}, {high}, got {actual:?}"
        );
    }

    #[test]
    fn newcombe_gives_the_published_example() {
        // Newcombe (1998), table II, method 10: 56/70 and 48/80, 95 %; four digits printed.
        let bounds = newcombe((56, 70), (48, 80), 0.95).unwrap();
        check(bounds, 0.0524, 0.3339, 5e-5);
        // 0/10 and 0/20 of the same table.
        let bounds = newcombe((0, 10), (0, 20), 0.95).unwrap();
        check(bounds, -0.1611, 0.2775, 5e-5);
    }

    #[test]
    fn swapping_the_samples_negates_the_interval() {
        let forth = newcombe((9, 30), (2, 44), 0.9).unwrap();
        let back = newcombe((2, 44), (9, 30), 0.9).unwrap();
        check(back, -forth.high, -forth.low, 1e-15);
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert_eq!(wilson(1, 0, 0.95), Err(StatsError::Empty));
        assert_eq!(wilson(3, 2, 0.95), Err(StatsError::OutOfRange));
        assert_eq!(wilson(1, 2, 1.0), Err(StatsError::OutOfRange));
        assert_eq!(wilson(1, 2, f64::NAN), Err(StatsError::OutOfRange));
    }
}
