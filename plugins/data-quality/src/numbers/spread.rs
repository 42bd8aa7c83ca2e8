//! Where the middle of numbers lies, and how far they spread around it.
//!
//! In: numbers; NaN and infinite ones are left out. Out: quartiles, median absolute deviation,
//! skewness.
//!
//! Time is linear in the number of values: nothing is sorted.

use interlock_stats::moments::sum_of;
use interlock_stats::order::index_below;

/// Median absolute deviation of a normal distribution with deviation 1: `Φ⁻¹(3/4)`.
const NORMAL_MAD: f64 = 0.674_489_750_196_081_7;

/// Mean absolute deviation of a normal distribution with deviation 1: `√(2/π)`.
const NORMAL_MEAN_DEVIATION: f64 = 0.797_884_560_802_865_4;

/// The middle half of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Finite values.
    pub n: usize,
    /// Smallest.
    pub min: f64,
    /// Lower quartile, as `numpy.quantile(x, 0.25)`.
    pub q1: f64,
    /// Median.
    pub median: f64,
    /// Upper quartile.
    pub q3: f64,
    /// Largest.
    pub max: f64,
    /// Standard deviation a normal distribution of this spread would have: the median absolute
    /// deviation over 0.6745; if that is 0, the mean absolute deviation from the median over
    /// 0.7979 (Iglewicz and Hoaglin's fallback). 0 if all values are equal.
    pub scale: f64,
}

impl Spread {
    /// Of the finite values; `None` without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let n = finite.len();
        let (min, max) = finite
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
                (low.min(value), high.max(value))
            });
        let last = n.checked_sub(1)? as f64;
        let middle = index_below(last * 0.5);
        let median = quantile(&mut finite, last * 0.5)?;
        let q1 = quantile(finite.get_mut(..(middle + 2).min(n))?, last * 0.25)?;
        // Everything from the middle on is at least the median.
        let q3 = quantile(finite.get_mut(middle..)?, last * 0.75 - middle as f64)?;
        for value in &mut finite {
            *value = (*value - median).abs();
        }
        let mad = quantile(&mut finite, last * 0.5)?;
        let scale = if mad > 0.0 {
            mad / NORMAL_MAD
        } else {
            sum_of(finite.iter().map(|v| v / n as f64)) / NORMAL_MEAN_DEVIATION
        };
        Some(Self {
            n,
            min,
            q1,
            median,
            q3,
            max,
            scale,
        })
    }

    /// Tukey's fences: `reach` times the interquartile range beyond the quartiles. Values *beyond*
    /// them are outside; 1.5 is usual, 3 is "far out".
    pub fn fences(&self, reach: f64) -> (f64, f64) {
        let range = self.q3 - self.q1;
        (
            reach.mul_add(-range, self.q1),
            reach.mul_add(range, self.q3),
        )
    }

    /// Robust z-score: distance from the median in units of `scale`; NaN if the scale is 0.
    pub fn robust_z(&self, value: f64) -> f64 {
        if self.scale > 0.0 {
            (value - self.median) / self.scale
        } else {
            f64::NAN
        }
    }

    /// Whether at least half of the values are the same one, so that the quartiles say nothing.
    pub fn is_collapsed(&self) -> bool {
        self.q3 <= self.q1
    }
}

/// The value at a position in ascending order, between two by linear interpolation. Reorders so
/// that all below the position stand before all above it.
fn quantile(values: &mut [f64], position: f64) -> Option<f64> {
    let below = index_below(position).min(values.len().checked_sub(1)?);
    let fraction = position - below as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if fraction > 0.0 && high > low && high.is_finite() {
        // Each end apart: the difference of huge numbers of unlike sign overflows.
        Some(fraction.mul_add(high, low * (1.0 - fraction)))
    } else {
        Some(low)
    }
}

/// Sample skewness `G₁ = √(n(n−1))/(n−2) · m₃/m₂^{3/2}` of the finite values, as
/// `pandas.Series.skew()`; `None` of fewer than three values or without variation.
pub fn skewness(values: &[f64]) -> Option<f64> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let n = finite().count() as f64;
    if n < 3.0 {
        return None;
    }
    let largest = finite().map(f64::abs).fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    // Scaled, so that cubes of huge numbers stay finite.
    let mean = sum_of(finite().map(|v| v / largest)) / n;
    let deviations = || finite().map(|v| v / largest - mean);
    let second = sum_of(deviations().map(|d| d * d)) / n;
    let third = sum_of(deviations().map(|d| d * d * d)) / n;
    // A spread below rounding of the values is none.
    if second.sqrt() <= 1e-14 * mean.abs() || second <= 0.0 {
        return None;
    }
    let biased = third / second.powf(1.5);
    Some((n * (n - 1.0)).sqrt() / (n - 2.0) * biased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::order::{quantile_sorted, sorted};
    use interlock_stats::rng::Rng;

    #[test]
    fn quartiles_are_those_of_a_sorted_copy() {
        let mut rng = Rng::new(4);
        for n in 1..60 {
            let values: Vec<f64> = (0..n).map(|_| rng.below(20) as f64 - 7.0).collect();
            let spread = Spread::of(&values).unwrap();
            let ascending = sorted(&values);
            for (share, actual) in [(0.25, spread.q1), (0.5, spread.median), (0.75, spread.q3)] {
                let expected = quantile_sorted(&ascending, share).unwrap();
                assert!((actual - expected).abs() < 1e-12, "{n} {share}");
            }
        }
    }

    #[test]
    fn huge_numbers_and_none_do_not_overflow() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[f64::NAN, f64::INFINITY]), None);
        let spread = Spread::of(&[-1e308, 1e308, 0.0, f64::NEG_INFINITY]).unwrap();
        assert_eq!((spread.n, spread.median.to_bits()), (3, 0));
        assert!(skewness(&[1e300, -1e300, 1e300, 5.0]).unwrap().is_finite());
        assert_eq!(skewness(&[2.0, 2.0, 2.0]), None);
        assert_eq!(skewness(&[0.1, 0.1, 0.1]), None);
    }
}
