//! Every statistic of one column.
//!
//! In: two samples in ascending order, or counts over common bins. Out: [`Figures`].
//!
//! Missing values are gone already; their share is compared by [`missing_change`]. Nothing here
//! knows what counts as drift.

use interlock_stats::StatsError;
use interlock_stats::contingency::{SMALL_EXPECTED, chi_square};
use interlock_stats::distance::{jensen_shannon_distance, population_stability_index};
use interlock_stats::moments::standard_deviation;
use interlock_stats::proportion::{Bounds, newcombe};
use interlock_stats::two_sample::{
    AUTO_EXACT_MAX, PValueMethod, asymptotic_p_value, kolmogorov_smirnov,
};

/// Beyond this product of rows the exact KS p-value is not counted out unless both samples have
/// the same size: it costs as many steps.
pub const EXACT_MAX_STEPS: usize = 10_000_000;

/// What is known of the drift of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Values in the reference, missing ones not counted.
    pub n_reference: u64,
    /// Values in the current table, missing ones not counted.
    pub n_current: u64,
    /// Two-sample KS statistic in [0, 1]; numeric columns only.
    pub ks: Option<f64>,
    /// p-value of `ks`.
    pub ks_p_value: Option<f64>,
    /// Wasserstein distance in standard deviations of the reference; numeric columns whose
    /// reference varies and whose values are finite.
    pub wasserstein: Option<f64>,
    /// Chi-square statistic of homogeneity over the bins.
    pub chi_square: f64,
    /// p-value of `chi_square`.
    pub chi_square_p_value: f64,
    /// Whether bins were pooled for the chi-square test, because they expect too few rows.
    pub is_pooled: bool,
    /// Population stability index over the bins, at least 0.
    pub psi: f64,
    /// What `psi` is on average without drift: `(bins − 1)(1/n + 1/m)`.
    pub psi_by_chance: f64,
    /// Jensen–Shannon distance over the bins, base 2, in [0, 1].
    pub jensen_shannon: f64,
}

impl Figures {
    /// The p-value that decides: KS for numbers, chi-square else.
    pub fn p_value(&self) -> f64 {
        self.ks_p_value.unwrap_or(self.chi_square_p_value)
    }
}

/// Compares counts over common bins.
///
/// # Errors
/// [`StatsError::Empty`] if either side counts nothing; [`StatsError::LengthMismatch`].
pub fn binned(reference: &[u64], current: &[u64]) -> Result<Figures, StatsError> {
    let psi = population_stability_index(reference, current)?;
    let jensen_shannon = jensen_shannon_distance(reference, current)?;
    let (n, m) = (total(reference), total(current));
    let table = |r: &[u64], c: &[u64]| chi_square(&[r, c].concat(), r.len());
    let mut test = table(reference, current)?;
    let mut is_pooled = false;
    if !test.is_reliable {
        let (r, c) = pooled(reference, current);
        test = table(&r, &c)?;
        is_pooled = true;
    }
    let n_used = reference.iter().zip(current).filter(|(r, c)| **r + **c > 0);
    let degrees = n_used.count().saturating_sub(1) as f64;
    Ok(Figures {
        n_reference: n,
        n_current: m,
        ks: None,
        ks_p_value: None,
        wasserstein: None,
        chi_square: test.statistic,
        chi_square_p_value: test.p_value,
        is_pooled,
        psi,
        psi_by_chance: degrees * (1.0 / n as f64 + 1.0 / m as f64),
        jensen_shannon,
    })
}

/// Compares two samples in ascending order without NaN, and their counts over common bins.
///
/// # Errors
/// As [`binned`].
pub fn numeric(
    reference: &[f64],
    current: &[f64],
    counts: (&[u64], &[u64]),
) -> Result<Figures, StatsError> {
    let (n, m) = (reference.len(), current.len());
    let gaps = gaps(reference, current).ok_or(StatsError::Empty)?;
    let is_exact = n.max(m) <= AUTO_EXACT_MAX && (n == m || n.saturating_mul(m) <= EXACT_MAX_STEPS);
    let p_value = if is_exact {
        kolmogorov_smirnov(reference, current, PValueMethod::Exact)?.p_value
    } else {
        asymptotic_p_value(n, m, gaps.largest)
    };
    let spread = standard_deviation(reference).filter(|s| s.is_finite() && *s > 0.0);
    let distance = Some(gaps.area).filter(|area| area.is_finite());
    Ok(Figures {
        ks: Some(gaps.largest),
        ks_p_value: Some(p_value),
        wasserstein: distance.zip(spread).map(|(d, s)| d / s),
        ..binned(counts.0, counts.1)?
    })
}

/// The gaps between two empirical distribution functions.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Gaps {
    /// The largest one: the KS statistic.
    largest: f64,
    /// The area between them: the Wasserstein distance; not finite if a value is not.
    area: f64,
}

/// Both in one walk without unpredictable branches, which two calls of `interlock_stats` cost
/// three times as long; `None` without values on either side.
fn gaps(reference: &[f64], current: &[f64]) -> Option<Gaps> {
    let (up, down) = (
        i64::try_from(current.len()).ok()?,
        i64::try_from(reference.len()).ok()?,
    );
    let whole = reference.len() as f64 * current.len() as f64;
    let (mut i, mut j, mut gap, mut largest) = (0, 0, 0_i64, 0_i64);
    let (mut area, mut previous) = (0.0, reference.first()?.min(*current.first()?));
    let mut pass = |value: f64, gap: i64| {
        let apart = gap.abs();
        // Between tied values there is no gap to see.
        largest = largest.max(if value > previous { apart } else { 0 });
        area += apart as f64 * (value - previous);
        previous = value;
    };
    while let (Some(&left), Some(&right)) = (reference.get(i), current.get(j)) {
        let is_left = left <= right;
        pass(if is_left { left } else { right }, gap);
        i += usize::from(is_left);
        j += usize::from(!is_left);
        gap += if is_left { up } else { -down };
    }
    for &value in reference.get(i..)? {
        pass(value, gap);
        gap += up;
    }
    for &value in current.get(j..)? {
        pass(value, gap);
        gap -= down;
    }
    Some(Gaps {
        largest: largest as f64 / whole,
        area: area / whole,
    })
}

/// Bins that expect fewer than five rows on the smaller side become one.
fn pooled(reference: &[u64], current: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let (n, m) = (total(reference) as f64, total(current) as f64);
    let share = n.min(m) / (n + m);
    let (mut r, mut c) = (vec![0], vec![0]);
    for (&a, &b) in reference.iter().zip(current) {
        if (a + b) as f64 * share < SMALL_EXPECTED {
            r[0] += a;
            c[0] += b;
        } else {
            r.push(a);
            c.push(b);
        }
    }
    (r, c)
}

fn total(counts: &[u64]) -> u64 {
    counts.iter().sum()
}

/// How the share of missing rows changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissingChange {
    /// Share of missing rows in the reference.
    pub reference: f64,
    /// Share of missing rows in the current table.
    pub current: f64,
    /// Interval of `current − reference` (Newcombe, 95 %).
    pub bounds: Bounds,
    /// Chi-square test of both shares being the same, without continuity correction.
    pub p_value: f64,
}

/// Compares the shares of missing rows, `(missing, rows)` each.
///
/// # Errors
/// [`StatsError`] if a table has no rows.
pub fn missing_change(
    reference: (u64, u64),
    current: (u64, u64),
) -> Result<MissingChange, StatsError> {
    let there = |(missing, rows): (u64, u64)| rows.saturating_sub(missing);
    let counts = [reference.0, there(reference), current.0, there(current)];
    Ok(MissingChange {
        reference: reference.0 as f64 / reference.1 as f64,
        current: current.0 as f64 / current.1 as f64,
        bounds: newcombe(current, reference, 0.95)?,
        p_value: chi_square(&counts, 2)?.p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn rare_categories_are_pooled_for_the_test_only() {
        let (r, c) = ([50, 40, 1, 1, 1, 1, 3, 3], [50, 40, 1, 1, 1, 1, 3, 3]);
        let found = binned(&r, &c).unwrap();
        assert!(found.is_pooled && found.psi <= 1e-12);
        assert!(!binned(&[50, 40], &[45, 42]).unwrap().is_pooled);
    }

    #[test]
    fn gaps_are_those_of_the_statistics_crate() {
        let mut rng = Rng::new(4);
        for n in [1, 2, 5, 40, 300] {
            for kinds in [2, 7, 100_000] {
                let mut draw = |n: usize, shift: f64| {
                    let values = (0..n).map(|_| rng.below(kinds) as f64 / 3.0 + shift);
                    let mut values: Vec<f64> = values.collect();
                    values.sort_by(f64::total_cmp);
                    values
                };
                let (a, b) = (draw(n, 0.0), draw(2 * n + 1, 1.0 / 3.0));
                let found = gaps(&a, &b).unwrap();
                let test = kolmogorov_smirnov(&a, &b, PValueMethod::Asymptotic).unwrap();
                assert!(
                    (found.largest - test.statistic).abs() < 1e-15,
                    "{a:?} {b:?}"
                );
                let area = interlock_stats::distance::wasserstein(&a, &b)
                    .unwrap()
                    .distance;
                assert!((found.area - area).abs() <= 1e-12 * area.max(1.0));
            }
        }
        assert_eq!(gaps(&[], &[1.0]), None);
    }

    #[test]
    fn a_constant_reference_has_no_normed_distance() {
        let found = numeric(&[1.0; 20], &[2.0; 20], (&[20, 0], &[0, 20])).unwrap();
        assert_eq!(found.wasserstein, None);
        assert!(found.ks.unwrap() >= 1.0 && found.p_value() < 1e-6);
    }

    #[test]
    fn infinite_values_leave_the_ranks_comparable() {
        let found = numeric(&[0.0, 1.0, f64::INFINITY], &[0.0, 1.0, 2.0], (&[3], &[3])).unwrap();
        assert!(found.wasserstein.is_none() && found.ks.is_some());
    }

    #[test]
    fn no_values_are_an_error() {
        assert!(binned(&[], &[]).is_err());
        assert!(missing_change((0, 0), (1, 5)).is_err());
    }
}
