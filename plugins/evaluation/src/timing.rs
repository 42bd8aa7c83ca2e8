//! Quantiles of times with intervals that take nothing for granted of their distribution.
//!
//! In: times, smallest first. Out: a quantile and the order statistics around it. It reads no clock.

use interlock_stats::distribution::beta_sf;
use interlock_stats::order::quantile_sorted;
use interlock_stats::proportion::Bounds;

/// A quantile with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// By linear interpolation between order statistics.
    pub value: f64,
    /// `None` where too few times are known.
    pub bounds: Option<Bounds>,
}

/// The quantile of a share, with the interval of order statistics: each end is the outermost value
/// beyond which the quantile lies with probability of at most half of `1 - level`. `None` of nothing.
pub fn quantile(ascending: &[f64], share: f64, level: f64) -> Option<Quantile> {
    let value = quantile_sorted(ascending, share)?;
    let n = ascending.len();
    let tail = (1.0 - level) / 2.0;
    // The k-th smallest lies above the quantile if fewer than k values lie below.
    let low = (1..=n)
        .take_while(|&k| at_most(k - 1, n, share) <= tail)
        .last();
    let high = (1..=n)
        .rev()
        .take_while(|&k| 1.0 - at_most(k - 1, n, share) <= tail)
        .last();
    let bounds = low.zip(high).map(|(low, high)| Bounds {
        low: ascending[low - 1],
        high: ascending[high - 1],
    });
    Some(Quantile { value, bounds })
}

/// Probability that at most `k` of `n` draws succeed, each with probability `p`.
fn at_most(k: usize, n: usize, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    beta_sf(p, k as f64 + 1.0, (n - k) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.16: `stats.quantile_test(np.arange(1, n + 1), p=share).confidence_interval(0.95)`
    #[track_caller]
    fn check(n: u32, share: f64, low: f64, high: f64) {
        let values: Vec<f64> = (1..=n).map(f64::from).collect();
        let bounds = quantile(&values, share, 0.95).unwrap().bounds.unwrap();
        assert_eq!(
            (bounds.low.to_bits(), bounds.high.to_bits()),
            (low.to_bits(), high.to_bits()),
            "{bounds:?}"
        );
    }

    #[test]
    fn the_interval_is_that_of_scipy() {
        check(6, 0.5, 1.0, 6.0);
        check(7, 0.5, 1.0, 7.0);
        check(20, 0.5, 6.0, 15.0);
        check(30, 0.5, 10.0, 21.0);
        check(101, 0.5, 41.0, 61.0);
        check(200, 0.5, 86.0, 115.0);
        check(80, 0.95, 72.0, 80.0);
        check(200, 0.95, 184.0, 197.0);
    }

    #[test]
    fn few_times_have_no_interval() {
        let five = [1.0, 2.0, 3.0, 4.0, 5.0];
        let found = quantile(&five, 0.5, 0.95).unwrap();
        assert_eq!(
            (found.value.to_bits(), found.bounds),
            (3.0_f64.to_bits(), None)
        );
        assert_eq!(quantile(&five, 0.95, 0.95).unwrap().bounds, None);
        assert_eq!(quantile(&[], 0.5, 0.95), None);
    }
}
