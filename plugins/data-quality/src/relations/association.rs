//! How strongly two columns go together.
//!
//! In: two columns of equal length, as numbers or codes. Out: a coefficient with its interval.
//!
//! Rows where either is missing (NaN, infinite, or [`MISSING`]) are left out of the pair.

use interlock_plugin_api::MISSING;
use interlock_stats::contingency::chi_square;
use interlock_stats::moments::sum_of;
use interlock_stats::noncentral::noncentrality_interval;
use interlock_stats::order::ranks;
use interlock_stats::proportion::{Bounds, two_sided_quantile};

/// A column standardized once, for as many pairs as there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardized {
    /// Mean 0, sum of squares 1.
    values: Vec<f64>,
    ranks: Vec<f64>,
}

/// Pearson's and Spearman's coefficients of one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// Rows with both values.
    pub n: usize,
    /// As `scipy.stats.pearsonr(x, y).statistic`.
    pub pearson: f64,
    /// As `scipy.stats.spearmanr(x, y).statistic`.
    pub spearman: f64,
}

/// A coefficient of association, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Association {
    /// Rows with both values.
    pub n: usize,
    /// The coefficient.
    pub value: f64,
    /// Chi-square statistic whose noncentrality it stands for.
    statistic: f64,
    degrees_of_freedom: f64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// The lesser number of categories, less one.
    CramersV(f64),
    CorrelationRatio,
}

impl Standardized {
    /// Of a column without missing or infinite values; `None` if it has one or does not vary.
    pub fn of(values: &[f64]) -> Option<Self> {
        if !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        Some(Self {
            values: standardized(values)?,
            ranks: standardized(&ranks(values))?,
        })
    }

    /// Correlation with another column of the same rows.
    pub fn with(&self, other: &Self) -> Correlation {
        Correlation {
            n: self.values.len(),
            pearson: dot(&self.values, &other.values),
            spearman: dot(&self.ranks, &other.ranks),
        }
    }
}

/// Correlation over the rows where both are finite; `None` of fewer than three, or if either does
/// not vary there.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<Correlation> {
    let is_complete = |(a, b): &(&f64, &f64)| a.is_finite() && b.is_finite();
    let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(y).filter(is_complete).unzip();
    if x.len() < 3 {
        return None;
    }
    Some(Standardized::of(&x)?.with(&Standardized::of(&y)?))
}

fn standardized(values: &[f64]) -> Option<Vec<f64>> {
    let largest = values
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    if largest <= 0.0 {
        return None;
    }
    // Scaled first, so that squares of huge numbers stay finite.
    let mean = sum_of(values.iter().map(|value| value / largest)) / values.len() as f64;
    let mut centered: Vec<f64> = values.iter().map(|value| value / largest - mean).collect();
    let norm = sum_of(centered.iter().map(|value| value * value)).sqrt();
    // A spread below rounding of the values is none.
    if norm <= 1e-14 * (values.len() as f64).sqrt() * mean.abs() || norm <= 0.0 {
        return None;
    }
    for value in &mut centered {
        *value /= norm;
    }
    Some(centered)
}

/// In eight lanes, so that it does not wait for each addition.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for (a, b) in x.chunks(8).zip(y.chunks(8)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>().clamp(-1.0, 1.0)
}

/// Interval of a Pearson correlation by Fisher's z, with standard error `1/√(n−3)`; `None` of fewer
/// than four rows or a level outside (0, 1).
pub fn pearson_interval(value: f64, n: usize, level: f64) -> Option<Bounds> {
    fisher(value, 1.0, n, level)
}

/// Interval of a Spearman correlation by Fisher's z, with standard error `√((1 + ρ²/2)/(n−3))`.
///
/// Source: Bonett & Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman
/// correlations", 2000.
pub fn spearman_interval(value: f64, n: usize, level: f64) -> Option<Bounds> {
    fisher(value, 1.0 + value * value / 2.0, n, level)
}

fn fisher(value: f64, variance: f64, n: usize, level: f64) -> Option<Bounds> {
    let rest = n.checked_sub(3).filter(|rest| *rest > 0)? as f64;
    let half = two_sided_quantile(level).ok()? * (variance / rest).sqrt();
    // The transform of a perfect correlation is infinite, and its interval a point.
    let z = value.clamp(-1.0, 1.0).atanh();
    Some(Bounds {
        low: (z - half).tanh(),
        high: (z + half).tanh(),
    })
}

/// Cramér's V of two columns of codes, corrected for bias (Bergsma, 2013); `None` if either has
/// fewer than two values on the rows where both are present.
pub fn cramers_v(x: (&[u32], usize), y: (&[u32], usize)) -> Option<Association> {
    let mut counts = vec![0_u64; x.1.checked_mul(y.1)?];
    for (&a, &b) in x.0.iter().zip(y.0) {
        if a != MISSING && b != MISSING {
            counts[a as usize * y.1 + b as usize] += 1;
        }
    }
    let test = chi_square(&counts, y.1).ok()?;
    if test.degrees_of_freedom < 1.0 {
        return None;
    }
    let n_used =
        |total: &dyn Fn(usize) -> u64, n: usize| (0..n).filter(|&at| total(at) > 0).count();
    let row = |at: usize| counts[at * y.1..(at + 1) * y.1].iter().sum::<u64>();
    let column = |at: usize| counts.iter().skip(at).step_by(y.1).sum::<u64>();
    let least = n_used(&row, x.1).min(n_used(&column, y.1)) - 1;
    Some(Association {
        n: usize::try_from(test.n).ok()?,
        value: test.cramers_v,
        statistic: test.statistic,
        degrees_of_freedom: test.degrees_of_freedom,
        kind: Kind::CramersV(least as f64),
    })
}

/// Correlation ratio η of numbers within categories: the root of the share of variance that lies
/// between the categories. `None` if the numbers do not vary or there are fewer than two categories
/// on the rows where both are present.
pub fn correlation_ratio(codes: (&[u32], usize), numbers: &[f64]) -> Option<Association> {
    let pairs = || {
        let is_present = |(code, value): &(u32, f64)| *code != MISSING && value.is_finite();
        codes
            .0
            .iter()
            .copied()
            .zip(numbers.iter().copied())
            .filter(is_present)
    };
    let largest = pairs().fold(0.0_f64, |most, (_, value)| most.max(value.abs()));
    let n = pairs().count();
    if n < 3 || largest <= 0.0 {
        return None;
    }
    let mean = sum_of(pairs().map(|(_, value)| value / largest)) / n as f64;
    let mut groups = vec![(0.0_f64, 0.0_f64); codes.1];
    let mut total = 0.0;
    for (code, value) in pairs() {
        let deviation = value / largest - mean;
        let group = &mut groups[code as usize];
        *group = (group.0 + deviation, group.1 + 1.0);
        total += deviation * deviation;
    }
    let n_groups = groups.iter().filter(|(_, n)| *n > 0.0).count();
    if n_groups < 2 || total <= 1e-28 * n as f64 * mean * mean || total <= 0.0 {
        return None;
    }
    let between: f64 = groups
        .iter()
        .filter(|(_, n)| *n > 0.0)
        .map(|(sum, n)| sum * sum / n)
        .sum();
    let share = (between / total).min(1.0);
    let rest = (n as f64 - n_groups as f64).max(1.0);
    Some(Association {
        n,
        value: share.sqrt(),
        // F times its first degrees of freedom, as a chi-square for many rows.
        statistic: rest * share / (1.0 - share).max(1e-9),
        degrees_of_freedom: (n_groups - 1) as f64,
        kind: Kind::CorrelationRatio,
    })
}

impl Association {
    /// Interval from that of the noncentrality of chi-square: for V with `λ = n V² (k−1)`, for η with
    /// `λ = n η²/(1−η²)`, which takes the F distribution for its limit with many rows. `None` where
    /// it cannot be computed.
    pub fn interval(&self, level: f64) -> Option<Bounds> {
        let bounds = noncentrality_interval(self.statistic, self.degrees_of_freedom, level).ok()?;
        let n = self.n as f64;
        let coefficient = |noncentrality: f64| match self.kind {
            Kind::CramersV(least) => (noncentrality / (n * least)).sqrt().min(1.0),
            Kind::CorrelationRatio => (noncentrality / (noncentrality + n)).sqrt(),
        };
        Some(Bounds {
            low: coefficient(bounds.low).min(self.value),
            high: coefficient(bounds.high).max(self.value),
        })
    }
}

/// How far counts are from even: `1 − H/log n` with the entropy `H` over the `n` values that occur;
/// 0 if even, or of a single value.
pub fn unevenness(counts: &[usize]) -> f64 {
    let total: usize = counts.iter().sum();
    let n_values = counts.iter().filter(|&&count| count > 0).count();
    if n_values < 2 {
        return 0.0;
    }
    let entropy: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = count as f64 / total as f64;
            -share * share.ln()
        })
        .sum();
    (1.0 - entropy / (n_values as f64).ln()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_vary_have_no_correlation() {
        assert_eq!(correlation(&[0.1; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(correlation(&[], &[]), None);
        assert_eq!(correlation_ratio((&[0, 0, 0], 1), &[1.0, 2.0, 3.0]), None);
        assert_eq!(cramers_v((&[0, 0], 1), (&[0, 1], 2)), None);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let huge = [1e300, -1e300, 5e299, 0.0];
        let found = correlation(&huge, &huge).unwrap();
        assert!((found.pearson - 1.0).abs() < 1e-12);
        let ratio = correlation_ratio((&[0, 1, 0, 1], 2), &huge).unwrap();
        assert!((0.0..=1.0).contains(&ratio.value));
    }

    #[test]
    fn missing_rows_leave_the_pair() {
        let (x, y) = (
            [1.0, f64::NAN, 2.0, 3.0, 9.0],
            [2.0, 7.0, 4.0, 6.0, f64::INFINITY],
        );
        let found = correlation(&x, &y).unwrap();
        assert_eq!(found.n, 3);
        assert!((found.pearson - 1.0).abs() < 1e-15);
    }
}
