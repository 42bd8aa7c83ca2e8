//! How far apart two distributions are, whatever the number of rows.
//!
//! In: counts over common bins, or samples in ascending order. Out: distances that are 0 for equal
//! distributions and grow with the shift.
//!
//! These are effect sizes: they say how much, not how sure. The tests say how sure.

use crate::error::StatsError;
use crate::order::index_below;

/// Shares below this count as this in the PSI, so that an empty bin does not make it infinite.
/// The customary value; also Evidently's.
pub const MIN_SHARE: f64 = 1e-4;

/// Turns counts into shares.
///
/// # Errors
/// [`StatsError::Empty`] if nothing is counted.
pub fn shares(counts: &[u64]) -> Result<Vec<f64>, StatsError> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return Err(StatsError::Empty);
    }
    Ok(counts
        .iter()
        .map(|&count| count as f64 / total as f64)
        .collect())
}

fn paired_shares(reference: &[u64], current: &[u64]) -> Result<(Vec<f64>, Vec<f64>), StatsError> {
    if reference.len() != current.len() {
        return Err(StatsError::LengthMismatch {
            left: reference.len(),
            right: current.len(),
        });
    }
    Ok((shares(reference)?, shares(current)?))
}

/// Population stability index between two binned samples.
///
/// `PSI = Σ (cᵢ − rᵢ) · ln(cᵢ / rᵢ)` over bins `i`, where `rᵢ` and `cᵢ` are the shares of the
/// reference and current rows in bin `i`. Symmetric, at least 0, natural logarithm; higher means
/// more drift. Common reading: below 0.1 stable, above 0.25 shifted (a convention, not a test).
///
/// Shape: one count per bin on both sides. Empty bins: shares are floored at [`MIN_SHARE`]; a bin
/// empty on both sides adds nothing. Missing values: count them as a bin of their own.
///
/// # Errors
/// [`StatsError::LengthMismatch`], or [`StatsError::Empty`] if either side counts nothing.
///
/// Source: Siddiqi, "Credit risk scorecards", 2006, chapter 8; it is the symmetrized
/// Kullback–Leibler divergence of Jeffreys (1946).
///
/// # Example
/// ```
/// let psi = interlock_stats::distance::population_stability_index(&[50, 30, 20], &[30, 30, 40])?;
/// assert!((psi - 0.2408).abs() < 1e-4);
/// # Ok::<(), interlock_stats::StatsError>(())
/// ```
pub fn population_stability_index(reference: &[u64], current: &[u64]) -> Result<f64, StatsError> {
    let (r, c) = paired_shares(reference, current)?;
    Ok(r.iter().zip(&c).map(|(&r, &c)| psi_term(r, c)).sum())
}

/// What one bin with these shares adds to the PSI; at least 0.
pub fn psi_term(reference_share: f64, current_share: f64) -> f64 {
    let r = reference_share.max(MIN_SHARE);
    let c = current_share.max(MIN_SHARE);
    (c - r) * (c / r).ln()
}

/// Jensen–Shannon distance between two binned samples.
///
/// The square root of the mean Kullback–Leibler divergence to the mixture, base-2 logarithm: a
/// metric in [0, 1], 1 when no bin is shared. As
/// `scipy.spatial.distance.jensenshannon(r, c, base=2)`.
///
/// # Errors
/// As [`population_stability_index`].
///
/// Source: Endres & Schindelin, "A new metric for probability distributions", 2003.
pub fn jensen_shannon_distance(reference: &[u64], current: &[u64]) -> Result<f64, StatsError> {
    let (r, c) = paired_shares(reference, current)?;
    let toward = |share: f64, mixture: f64| {
        if share > 0.0 {
            share * (share / mixture).log2()
        } else {
            0.0
        }
    };
    let divergence: f64 = r
        .iter()
        .zip(&c)
        .map(|(&r, &c)| {
            let mixture = f64::midpoint(r, c);
            f64::midpoint(toward(r, mixture), toward(c, mixture))
        })
        .sum();
    Ok(divergence.clamp(0.0, 1.0).sqrt())
}

/// Wasserstein distance of order 1, with what is needed to judge it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wasserstein {
    /// `∫ |F − G|`: how far values must be moved on average, in the unit of the column.
    pub distance: f64,
    /// Standard error of `distance` when the distributions differ.
    pub standard_error: f64,
    /// What `distance` would be on average if the distributions were the same: the part of it that
    /// sampling alone explains.
    pub expected_by_chance: f64,
}

/// Wasserstein distance between two samples in ascending order, finite values only.
///
/// The distance is that of `scipy.stats.wasserstein_distance`. The standard error is that of the
/// influence function `ψ(x) = ∫ sign(F − G)(t) · 1(x ≤ t) dt`; the chance part integrates the mean
/// of a folded normal with variance `H(1 − H)(1/n + 1/m)`, `H` being the joint distribution.
///
/// # Errors
/// [`StatsError::Empty`] if either sample has no rows; [`StatsError::NotFinite`] if an end is
/// infinite or NaN.
pub fn wasserstein(reference: &[f64], current: &[f64]) -> Result<Wasserstein, StatsError> {
    let ends = [
        reference.first(),
        reference.last(),
        current.first(),
        current.last(),
    ];
    for end in ends {
        if !end.ok_or(StatsError::Empty)?.is_finite() {
            return Err(StatsError::NotFinite);
        }
    }
    let (n, m) = (reference.len() as f64, current.len() as f64);
    let (mut i, mut j) = (0, 0);
    let (mut distance, mut by_chance) = (0.0, 0.0);
    // ψ falls from left to right as signed lengths are passed; its first two moments per sample.
    let mut psi = 0.0;
    let (mut first, mut second) = ([0.0; 2], [0.0; 2]);
    let mut value = reference[0].min(current[0]);
    loop {
        let (start_i, start_j) = (i, j);
        while i < reference.len() && reference[i] <= value {
            i += 1;
        }
        while j < current.len() && current[j] <= value {
            j += 1;
        }
        for (sample, count) in [(0, i - start_i), (1, j - start_j)] {
            first[sample] += count as f64 * psi;
            second[sample] += count as f64 * psi * psi;
        }
        let next = match (reference.get(i), current.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) => a,
            (None, Some(&b)) => b,
            (None, None) => break,
        };
        let gap = i as f64 / n - j as f64 / m;
        let width = next - value;
        distance += gap.abs() * width;
        psi -= gap.signum() * width * f64::from(u8::from(gap.abs() > 0.0));
        let joint = (i + j) as f64 / (n + m);
        by_chance += (joint * (1.0 - joint)).sqrt() * width;
        value = next;
    }
    let spread = |sample: usize, rows: f64| {
        ((second[sample] / rows - (first[sample] / rows).powi(2)) / rows).max(0.0)
    };
    Ok(Wasserstein {
        distance,
        standard_error: (spread(0, n) + spread(1, m)).sqrt(),
        expected_by_chance: by_chance * (std::f64::consts::FRAC_2_PI * (1.0 / n + 1.0 / m)).sqrt(),
    })
}

/// Inner edges of at most `n_bins` bins that split ascending values into parts of equal size.
///
/// Bin `k` holds values `edges[k−1] < x ≤ edges[k]`; the outer bins are open. Equal quantiles
/// collapse, so a column with many ties has fewer bins, and a constant one has a single bin.
pub fn quantile_edges(ascending: &[f64], n_bins: usize) -> Vec<f64> {
    let mut edges: Vec<f64> = Vec::new();
    let Some(&last) = ascending.last() else {
        return edges;
    };
    for k in 1..n_bins {
        let position = (k as f64 / n_bins as f64 * ascending.len() as f64).ceil() - 1.0;
        let edge = ascending[index_below(position).min(ascending.len() - 1)];
        // An edge at the maximum would leave the last bin empty on the reference side.
        if edge < last && edges.last().is_none_or(|&previous| edge > previous) {
            edges.push(edge);
        }
    }
    edges
}

/// The bin of `value` among `edges` as made by [`quantile_edges`].
pub fn bin_of(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|&edge| edge < value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psi_of_a_shifted_sample() {
        // python 3: r, c = [.5, .3, .2], [.3, .3, .4]; sum((b-a) * math.log(b/a) for a, b in zip(r, c))
        let psi = population_stability_index(&[50, 30, 20], &[30, 30, 40]).unwrap();
        assert!((psi - 0.240_794_560_865_187_2).abs() <= 1e-12, "{psi}");
    }

    #[test]
    fn psi_is_symmetric_and_zero_for_equal_shares() {
        let there = population_stability_index(&[5, 0, 9], &[7, 3, 1]).unwrap();
        let back = population_stability_index(&[7, 3, 1], &[5, 0, 9]).unwrap();
        assert!((there - back).abs() < 1e-12 && there > 0.0);
        assert!(population_stability_index(&[5, 0, 9], &[10, 0, 18]).unwrap() <= 1e-15);
    }

    #[test]
    fn disjoint_bins_are_at_distance_one() {
        let distance = jensen_shannon_distance(&[4, 0], &[0, 9]).unwrap();
        assert!((distance - 1.0).abs() < 1e-15);
        assert!(jensen_shannon_distance(&[4, 8], &[1, 2]).unwrap() <= 1e-12);
    }

    #[test]
    fn a_shift_moves_the_wasserstein_distance_by_itself() {
        let values = [0.0, 1.0, 2.5, 7.0];
        let moved = values.map(|value| value + 3.0);
        let result = wasserstein(&values, &moved).unwrap();
        assert!((result.distance - 3.0).abs() < 1e-14);
        let still = wasserstein(&values, &values).unwrap();
        assert!(still.distance <= 0.0 && still.expected_by_chance > 0.0);
    }

    #[test]
    fn infinite_values_have_no_distance() {
        assert_eq!(
            wasserstein(&[0.0, f64::INFINITY], &[1.0]),
            Err(StatsError::NotFinite)
        );
        assert_eq!(wasserstein(&[], &[1.0]), Err(StatsError::Empty));
    }

    #[test]
    fn bins_hold_equal_parts_and_ties_collapse() {
        let values: Vec<f64> = (1..=12).map(f64::from).collect();
        let edges = quantile_edges(&values, 4);
        assert_eq!(edges, [3.0, 6.0, 9.0]);
        let bins: Vec<usize> = [1.0, 3.0, 3.5, 9.0, 10.0, 99.0]
            .iter()
            .map(|&value| bin_of(&edges, value))
            .collect();
        assert_eq!(bins, [0, 0, 1, 2, 3, 3]);
        assert_eq!(quantile_edges(&[0.0, 0.0, 0.0, 0.0, 5.0], 10), [0.0]);
        assert!(quantile_edges(&[2.0; 9], 10).is_empty());
        assert!(quantile_edges(&[], 10).is_empty());
    }

    #[test]
    fn bins_must_match() {
        assert!(population_stability_index(&[1], &[1, 2]).is_err());
        assert_eq!(
            jensen_shannon_distance(&[0, 0], &[1, 2]),
            Err(StatsError::Empty)
        );
    }
}
