//! Whether numbers are spread evenly over their range.
//!
//! In: numbers in ascending order. Out: how far their distribution function strays from a straight
//! line, how far it may stray in truth, and how likely that is of random numbers.

use interlock_stats::kolmogorov::kolmogorov_sf;

/// Different values below which a column is one of codes.
pub const MIN_DIFFERENT: usize = 20;

/// Error probability of the bound.
const BOUND_ALPHA: f64 = 0.05;

/// A column against the uniform distribution between its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evenness {
    /// Largest distance of the distribution function from that of a uniform one, 0 to 1.
    pub distance: f64,
    /// The true distance is at most this with a confidence of 95 % (Massart).
    pub at_most: f64,
    /// Probability that random uniform numbers stray so far or farther.
    pub p_value: f64,
    /// Whether all values are whole numbers: compared with each of them equally likely.
    pub is_whole: bool,
}

/// `None` with fewer than [`MIN_DIFFERENT`] different values. All values are finite.
///
/// As `scipy.stats.kstest(x, "uniform", (min, max − min))`; for whole numbers the largest distance at
/// each of them from `randint(min, max + 1)`. The ends are taken from the values themselves, which
/// errs towards evenness by `1/n` at most.
pub fn evenness(ascending: &[f64]) -> Option<Evenness> {
    let n = ascending.len() as f64;
    let (low, high) = (*ascending.first()?, *ascending.last()?);
    let mut n_different = 1;
    let mut is_whole = low.fract().abs() <= 0.0;
    for pair in ascending.windows(2) {
        n_different += usize::from(pair[0] < pair[1]);
        is_whole &= pair[1].fract().abs() <= 0.0;
    }
    if n_different < MIN_DIFFERENT {
        return None;
    }
    // Halved, so that the range of huge numbers of unlike sign does not overflow.
    let half = high / 2.0 - low / 2.0;
    let share = |value: f64| {
        if is_whole && half < 4e15 {
            (value - low + 1.0) / (high - low + 1.0)
        } else {
            (value / 2.0 - low / 2.0) / half
        }
    };
    let before = |value: f64| {
        if is_whole && half < 4e15 {
            (value - low) / (high - low + 1.0)
        } else {
            share(value)
        }
    };
    let mut distance = 0.0_f64;
    let mut at = 0;
    for run in ascending.chunk_by(|a, b| a >= b) {
        let below = at as f64 / n;
        at += run.len();
        let upto = at as f64 / n;
        distance = distance
            .max((before(run[0]) - below).abs())
            .max((share(run[0]) - upto).abs());
    }
    Some(Evenness {
        distance,
        at_most: (distance + ((2.0 / BOUND_ALPHA).ln() / (2.0 * n)).sqrt()).min(1.0),
        p_value: kolmogorov_sf(ascending.len() as u64, distance),
        is_whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_as_even_as_can_be() {
        let grid: Vec<f64> = (0..100).map(|at| f64::from(at) / 10.0).collect();
        let found = evenness(&grid).unwrap();
        assert!((found.distance - 0.01).abs() < 1e-12, "{found:?}");
        assert!(found.p_value > 0.999_999 && !found.is_whole);
        // Each whole number once: no distance at all.
        let whole: Vec<f64> = (5..105).map(f64::from).collect();
        let found = evenness(&whole).unwrap();
        assert!(found.distance < 1e-12 && found.is_whole);
    }

    #[test]
    fn what_is_no_range_is_none() {
        assert_eq!(evenness(&[]), None);
        assert_eq!(evenness(&[1.0; 50]), None);
        let huge: Vec<f64> = (0..50)
            .map(|at| f64::MAX * (f64::from(at) / 24.5 - 1.0))
            .collect();
        let found = evenness(&huge).unwrap();
        assert!(found.distance < 0.05, "{found:?}");
    }
}
