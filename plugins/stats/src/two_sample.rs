//! The two-sample Kolmogorov–Smirnov test.
//!
//! In: two samples in ascending order. Out: the largest gap between their empirical distribution
//! functions, where it is, and how likely such a gap is if both come from the same distribution.
//!
//! Statistic and p-values are those of `scipy.stats.ks_2samp`, two-sided. Ties are handled exactly
//! in the statistic; with ties the p-values are upper bounds, so the test errs on the safe side.
//! Missing values are dropped by the caller.

use crate::error::StatsError;
use crate::kolmogorov::kolmogorov_sf;

/// Largest sample for which [`PValueMethod::Auto`] is exact, as in SciPy.
pub const AUTO_EXACT_MAX: usize = 10_000;

/// How the p-value is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValueMethod {
    /// Exact if neither sample has more than [`AUTO_EXACT_MAX`] rows, as SciPy's `auto`.
    Auto,
    /// Counts lattice paths; cost O(rows · rows · d) unless both samples have the same size.
    Exact,
    /// The one-sample law with `round(n₁n₂ / (n₁+n₂))` rows, as SciPy's `asymp`.
    Asymptotic,
}

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KsTest {
    /// Largest absolute gap of the distribution functions, in [0, 1]; higher means more apart.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// The value at which the gap is largest; the smallest one if there are several.
    pub location: f64,
}

/// The gap as a whole number: `gap / (n₁ n₂)` is the statistic.
struct Gap {
    gap: u128,
    location: f64,
}

/// Runs the test on samples in ascending order without NaN.
///
/// # Errors
/// [`StatsError::Empty`] if either sample has no rows.
///
/// # Example
/// ```
/// use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};
///
/// let test = kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[2.5, 3.5, 4.5], PValueMethod::Exact)?;
/// assert!((test.statistic - 2.0 / 3.0).abs() < 1e-15);
/// assert!((test.p_value - 0.6).abs() < 1e-12);
/// # Ok::<(), interlock_stats::StatsError>(())
/// ```
pub fn kolmogorov_smirnov(
    reference: &[f64],
    current: &[f64],
    method: PValueMethod,
) -> Result<KsTest, StatsError> {
    if reference.is_empty() || current.is_empty() {
        return Err(StatsError::Empty);
    }
    let (n, m) = (reference.len(), current.len());
    let Gap { gap, location } = largest_gap(reference, current);
    let statistic = gap as f64 / (n as f64 * m as f64);
    let is_exact = match method {
        PValueMethod::Auto => n.max(m) <= AUTO_EXACT_MAX,
        PValueMethod::Exact => true,
        PValueMethod::Asymptotic => false,
    };
    let p_value = if is_exact {
        exact_p_value(n, m, gap)
    } else {
        asymptotic_p_value(n, m, statistic)
    };
    Ok(KsTest {
        statistic,
        p_value: p_value.clamp(0.0, 1.0),
        location,
    })
}

/// The p-value of a gap of `statistic` from the one-sample law.
pub fn asymptotic_p_value(n: usize, m: usize, statistic: f64) -> f64 {
    let (n, m) = (n as f64, m as f64);
    // NumPy rounds halves to even, and SciPy rounds with NumPy.
    let effective = (n.max(m) * n.min(m) / (n + m)).round_ties_even();
    kolmogorov_sf(crate::order::index_below(effective) as u64, statistic)
}

/// Walks both samples in step and keeps the largest gap, in units of `1 / (n₁ n₂)`.
fn largest_gap(reference: &[f64], current: &[f64]) -> Gap {
    let (n, m) = (reference.len(), current.len());
    let (mut i, mut j) = (0, 0);
    let mut best = Gap {
        gap: 0,
        location: reference[0].min(current[0]),
    };
    // Once one sample is used up the gap only closes.
    while i < n && j < m {
        let value = reference[i].min(current[j]);
        while i < n && reference[i] <= value {
            i += 1;
        }
        while j < m && current[j] <= value {
            j += 1;
        }
        let gap = (i as u128 * m as u128).abs_diff(j as u128 * n as u128);
        if gap > best.gap {
            best = Gap {
                gap,
                location: value,
            };
        }
    }
    best
}

/// Probability of a gap of at least `gap / (n m)` if all orders of the joint sample are equally
/// likely.
fn exact_p_value(n: usize, m: usize, gap: u128) -> f64 {
    if gap == 0 {
        return 1.0;
    }
    if n == m {
        return equal_sizes_p_value(n, gap / n as u128);
    }
    // C(i, j): probability that a path to (i, j) has touched the border. It obeys
    // (i + j) C(i, j) = j C(i, j − 1) + i C(i − 1, j), sums of positive parts only
    // (Hodges, "The significance probability of the Smirnov two-sample test", 1958).
    let (long, short) = (n.max(m), n.min(m));
    let mut touched = vec![0.0_f64; short + 1];
    for i in 0..=long {
        let mut left = 0.0;
        for (j, cell) in touched.iter_mut().enumerate() {
            let apart = (i as u128 * short as u128).abs_diff(j as u128 * long as u128);
            *cell = if apart >= gap {
                1.0
            } else if i + j == 0 {
                0.0
            } else {
                (j as f64 * left + i as f64 * *cell) / (i + j) as f64
            };
            left = *cell;
        }
    }
    touched[short]
}

/// The p-value for two samples of `n` rows whose distribution functions are `h / n` apart
/// (Gnedenko & Korolyuk, 1951), as a product that loses no digits.
fn equal_sizes_p_value(n: usize, h: u128) -> f64 {
    let rows = n as f64;
    let step = h as f64;
    let mut probability = 0.0;
    let mut k = (rows / step).floor();
    while k >= 0.0 {
        let mut product = 1.0;
        let mut j = 0.0;
        while j < step && product > 0.0 {
            product *= (rows - k * step - j) / (rows + k * step + j + 1.0);
            j += 1.0;
        }
        probability = product.max(0.0) * (1.0 - probability);
        k -= 1.0;
    }
    2.0 * probability
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every arrangement of `n` reference and `m` current rows, as bit masks.
    fn brute_force_p_value(n: u32, m: u32, statistic: f64) -> f64 {
        let (mut all, mut extreme) = (0_u32, 0_u32);
        for mask in 0..1_u32 << (n + m) {
            if mask.count_ones() != n {
                continue;
            }
            all += 1;
            let (mut i, mut j, mut largest) = (0.0_f64, 0.0_f64, 0.0_f64);
            for position in 0..n + m {
                if mask >> position & 1 == 1 {
                    i += 1.0;
                } else {
                    j += 1.0;
                }
                largest = largest.max((i / f64::from(n) - j / f64::from(m)).abs());
            }
            extreme += u32::from(largest >= statistic - 1e-12);
        }
        f64::from(extreme) / f64::from(all)
    }

    #[test]
    fn exact_p_values_match_the_count_of_all_arrangements() {
        for (n, m) in [(1, 1), (3, 3), (5, 5), (2, 7), (6, 4), (7, 3), (1, 8)] {
            for gap in 1..=n * m {
                let statistic = gap as f64 / (n * m) as f64;
                // With equal sizes only whole steps occur.
                if n == m && gap % n != 0 {
                    continue;
                }
                let expected = brute_force_p_value(
                    u32::try_from(n).unwrap(),
                    u32::try_from(m).unwrap(),
                    statistic,
                );
                let actual = exact_p_value(n, m, gap as u128);
                assert!(
                    (actual - expected).abs() < 1e-12,
                    "{n} {m} {gap}: expected {expected}, got {actual}"
                );
            }
        }
    }

    #[test]
    fn identical_samples_have_no_gap() {
        let values = [1.0, 1.0, 2.0, 5.0];
        let test = kolmogorov_smirnov(&values, &values, PValueMethod::Auto).unwrap();
        assert!(test.statistic <= 0.0 && test.p_value >= 1.0);
    }

    #[test]
    fn a_monotone_transform_changes_nothing() {
        let (a, b) = ([-2.0, 0.1, 0.4, 3.0], [0.0, 0.3, 2.0, 2.5, 9.0]);
        let plain = kolmogorov_smirnov(&a, &b, PValueMethod::Auto).unwrap();
        let bent =
            kolmogorov_smirnov(&a.map(f64::exp), &b.map(f64::exp), PValueMethod::Auto).unwrap();
        assert_eq!(plain.p_value.to_bits(), bent.p_value.to_bits());
        assert_eq!(plain.statistic.to_bits(), bent.statistic.to_bits());
    }

    #[test]
    fn infinite_values_are_ordered_like_others() {
        let test = kolmogorov_smirnov(
            &[f64::NEG_INFINITY, 0.0],
            &[1.0, f64::INFINITY],
            PValueMethod::Exact,
        )
        .unwrap();
        assert!((test.statistic - 1.0).abs() < 1e-15);
        // Two of the six arrangements are this far apart.
        assert!((test.p_value - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn no_rows_is_an_error() {
        assert_eq!(
            kolmogorov_smirnov(&[], &[1.0], PValueMethod::Auto),
            Err(StatsError::Empty)
        );
    }
}
