//! Quantiles and ranks.
//!
//! In: numbers without NaN. Out: quantiles by linear interpolation and mid-ranks with ties.
//!
//! Infinite values are ordered like any other; interpolating beside one gives an infinite result.

/// Quantile of values that are already in ascending order, by linear interpolation between order
/// statistics (type 7 of Hyndman & Fan, 1996; the default of `numpy.quantile`).
///
/// `share` is in [0, 1] and clipped to it. `None` of no values or a NaN share.
///
/// # Example
/// ```
/// assert_eq!(interlock_stats::order::quantile_sorted(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
/// ```
pub fn quantile_sorted(ascending: &[f64], share: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    if share.is_nan() {
        return None;
    }
    let position = share.clamp(0.0, 1.0) * last as f64;
    let below = index_below(position).min(last);
    let (low, fraction) = (*ascending.get(below)?, position - below as f64);
    match ascending.get(below + 1) {
        // Equal neighbors are not subtracted: infinity minus infinity is NaN.
        Some(&high) if fraction > 0.0 && high > low => Some((high - low).mul_add(fraction, low)),
        Some(_) | None => Some(low),
    }
}

/// The largest whole number not above `position`, as an index; 0 for anything negative or NaN.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and positions are far below 2^53"
)]
pub fn index_below(position: f64) -> usize {
    position.floor() as usize
}

/// A copy in ascending order, NaN dropped.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    kept.sort_unstable_by(f64::total_cmp);
    kept
}

/// Mid-ranks: the first in order has rank 1, tied values share the mean of their ranks.
///
/// As `scipy.stats.rankdata(x)`. NaN ranks last (each its own rank); drop it first. Cost: one sort.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    // Values stand beside their places, so that comparing two looks nowhere else; adding 0 makes one
    // zero of the two.
    let mut order: Vec<(f64, usize)> = values.iter().map(|value| value + 0.0).zip(0..).collect();
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in tied_groups(&mut order) {
        let rank = start as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for &(_, row) in tied {
            ranks[row] = rank;
        }
        start += tied.len();
    }
    ranks
}

#[expect(clippy::float_cmp, reason = "a tie is exact equality")]
fn is_tie<T>(a: &(f64, T), b: &(f64, T)) -> bool {
    a.0 == b.0
}

/// Scores with something beside each, in ascending order of the scores and in groups of equal ones.
pub(crate) fn tied_groups<T>(pairs: &mut [(f64, T)]) -> impl Iterator<Item = &[(f64, T)]> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    pairs.chunk_by(is_tie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_quantile(share: f64, expected: f64) {
        let actual = quantile_sorted(&[-3.0, 0.5, 0.5, 2.0, 9.0], share).unwrap();
        assert!(
            (actual - expected).abs() <= 1e-14,
            "expected {expected}, got {actual}"
        );
    }

    #[test]
    fn quantiles_interpolate_as_numpy_does() {
        // numpy 2: numpy.quantile([-3, .5, .5, 2, 9], q)
        check_quantile(0.0, -3.0);
        check_quantile(0.1, -1.6);
        check_quantile(0.5, 0.5);
        check_quantile(0.8, 3.4);
        check_quantile(1.0, 9.0);
    }

    #[test]
    fn there_is_no_quantile_of_nothing() {
        assert_eq!(quantile_sorted(&[], 0.5), None);
        assert_eq!(quantile_sorted(&[1.0], f64::NAN), None);
        assert_eq!(quantile_sorted(&[4.0], 0.3), Some(4.0));
    }

    #[test]
    fn infinite_neighbors_do_not_make_nan() {
        assert_eq!(
            quantile_sorted(&[f64::INFINITY, f64::INFINITY], 0.5),
            Some(f64::INFINITY)
        );
    }

    #[test]
    fn ranks_share_ties() {
        // scipy 1: scipy.stats.rankdata([2, 7, 2, -1, 7, 7])
        assert_eq!(
            ranks(&[2.0, 7.0, 2.0, -1.0, 7.0, 7.0]),
            [2.5, 5.0, 2.5, 1.0, 5.0, 5.0]
        );
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(ranks(&[]).is_empty());
    }
}
