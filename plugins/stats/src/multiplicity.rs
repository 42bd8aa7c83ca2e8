//! Corrections for asking many questions at once.
//!
//! In: p-values of a family of tests. Out: corrected p-values in the same order, to be compared
//! with the promised level.
//!
//! Testing 20 columns at 5 % raises a false alarm two times out of three; corrected, one in twenty.

use crate::error::StatsError;

/// Benjamini–Hochberg: the expected share of false alarms among the alarms is at most the level.
///
/// Valid for independent or positively dependent tests. As
/// `scipy.stats.false_discovery_control(p, method="bh")`.
///
/// # Errors
/// [`StatsError::OutOfRange`] if a p-value is not in [0, 1].
///
/// Source: Benjamini & Hochberg, "Controlling the false discovery rate", 1995.
///
/// # Example
/// ```
/// let corrected = interlock_stats::multiplicity::benjamini_hochberg(&[0.01, 0.04, 0.03])?;
/// assert!((corrected[0] - 0.03).abs() < 1e-15 && (corrected[2] - 0.04).abs() < 1e-15);
/// # Ok::<(), interlock_stats::StatsError>(())
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending_order(p_values)?;
    let n = p_values.len() as f64;
    let mut corrected = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (position, &test) in order.iter().enumerate().rev() {
        least = least.min(p_values[test] * n / (position + 1) as f64);
        corrected[test] = least;
    }
    Ok(corrected)
}

/// Holm: the probability of even one false alarm is at most the level, however the tests depend on
/// each other. Stricter than [`benjamini_hochberg`].
///
/// # Errors
/// [`StatsError::OutOfRange`] if a p-value is not in [0, 1].
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending_order(p_values)?;
    let mut corrected = vec![1.0; p_values.len()];
    let mut greatest = 0.0_f64;
    for (position, &test) in order.iter().enumerate() {
        let factor = (p_values.len() - position) as f64;
        greatest = greatest.max((p_values[test] * factor).min(1.0));
        corrected[test] = greatest;
    }
    Ok(corrected)
}

fn ascending_order(p_values: &[f64]) -> Result<Vec<usize>, StatsError> {
    if !p_values.iter().all(|p| (0.0..=1.0).contains(p)) {
        return Err(StatsError::OutOfRange);
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (a, e) in actual.iter().zip(expected) {
            assert!(
                (a - e).abs() <= 1e-14,
                "expected {expected:?}, got {actual:?}"
            );
        }
    }

    #[test]
    fn benjamini_hochberg_as_scipy() {
        // scipy 1: scipy.stats.false_discovery_control([.01, .5, .02, .02, .9, .001])
        let corrected = benjamini_hochberg(&[0.01, 0.5, 0.02, 0.02, 0.9, 0.001]).unwrap();
        check(&corrected, &[0.03, 0.6, 0.03, 0.03, 0.9, 0.006]);
    }

    #[test]
    fn holm_by_hand() {
        // Sorted .001·6, .01·5, .02·4, .02·3 (raised to .08), .5·2, .9 (raised to 1).
        let corrected = holm(&[0.01, 0.5, 0.02, 0.02, 0.9, 0.001]).unwrap();
        check(&corrected, &[0.05, 1.0, 0.08, 0.08, 1.0, 0.006]);
    }

    #[test]
    fn one_test_needs_no_correction_and_none_gives_none() {
        check(&benjamini_hochberg(&[0.04]).unwrap(), &[0.04]);
        check(&holm(&[0.04]).unwrap(), &[0.04]);
        check(&holm(&[]).unwrap(), &[]);
    }

    #[test]
    fn a_share_outside_its_range_is_an_error() {
        assert_eq!(holm(&[f64::NAN]), Err(StatsError::OutOfRange));
        assert_eq!(benjamini_hochberg(&[1.1]), Err(StatsError::OutOfRange));
    }
}
