//! Sums, means and variances that do not lose digits.
//!
//! In: numbers, optionally weights. Out: one number each; `None` where it does not exist.
//!
//! Sums are compensated, so a million values of very different size add up to the last bit or two.
//! NaN is not skipped here: callers drop missing values first and say so.

/// Sum with Neumaier's compensation: error of about one rounding, whatever the order.
///
/// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
/// 1974, the fourth method.
pub fn sum(values: &[f64]) -> f64 {
    sum_of(values.iter().copied())
}

/// [`sum`] of an iterator.
pub fn sum_of(values: impl Iterator<Item = f64>) -> f64 {
    let mut total = 0.0_f64;
    let mut lost = 0.0_f64;
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    if total.is_finite() {
        total + lost
    } else {
        total
    }
}

/// Arithmetic mean; `None` of no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values) / values.len() as f64)
}

/// Sample variance, divisor `n − 1`; `None` of fewer than two values.
///
/// Two passes with the mean's rounding corrected (Chan, Golub & `LeVeque`, 1983, equation 1.7).
/// Compared with `numpy.var(x, ddof=1)`.
pub fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let center = mean(values)?;
    let squares = sum_of(values.iter().map(|value| (value - center).powi(2)));
    let drift = sum_of(values.iter().map(|value| value - center));
    Some(((squares - drift * drift / n) / (n - 1.0)).max(0.0))
}

/// Square root of [`variance`].
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// Mean with weights; `None` if the lengths differ or the weights do not add up to more than 0.
///
/// Compared with `numpy.average(x, weights=w)`.
pub fn weighted_mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let total = sum(weights);
    if values.len() != weights.len() || total.is_nan() || total <= 0.0 {
        return None;
    }
    Some(
        sum_of(
            values
                .iter()
                .zip(weights)
                .map(|(value, weight)| value * weight),
        ) / total,
    )
}

/// Population variance with weights, divisor the sum of weights; `None` as in [`weighted_mean`].
pub fn weighted_variance(values: &[f64], weights: &[f64]) -> Option<f64> {
    let center = weighted_mean(values, weights)?;
    let squares = values
        .iter()
        .zip(weights)
        .map(|(value, weight)| weight * (value - center).powi(2));
    Some(sum_of(squares) / sum(weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: Option<f64>, expected: f64) {
        let actual = actual.unwrap();
        assert!(
            (actual - expected).abs() <= 1e-12 * expected.abs().max(1e-300),
            "expected {expected}, got {actual}"
        );
    }

    #[test]
    fn a_sum_keeps_what_plain_addition_loses() {
        // math.fsum([1.0, 1e100, 1.0, -1e100]) == 2.0
        assert!((sum(&[1.0, 1e100, 1.0, -1e100]) - 2.0).abs() <= 0.0);
    }

    #[test]
    fn an_infinite_sum_stays_infinite() {
        assert!(sum(&[1.0, f64::INFINITY]).is_infinite());
    }

    #[test]
    fn moments_of_a_small_sample() {
        // numpy 2: x = [1.5, 2, 2, 7, -3.25]; x.mean(), x.var(ddof=1)
        let values = [1.5, 2.0, 2.0, 7.0, -3.25];
        check(mean(&values), 1.85);
        check(variance(&values), 13.175);
    }

    #[test]
    fn variance_of_values_far_from_zero() {
        // Four values one apart have variance 5/3 wherever they lie.
        check(variance(&[1e9, 1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]), 5.0 / 3.0);
    }

    #[test]
    fn weights_count_like_repeated_rows() {
        let repeated = [1.0, 1.0, 1.0, 4.0];
        check(
            weighted_mean(&[1.0, 4.0], &[3.0, 1.0]),
            mean(&repeated).unwrap(),
        );
        check(
            weighted_variance(&[1.0, 4.0], &[3.0, 1.0]),
            variance(&repeated).unwrap() * 3.0 / 4.0,
        );
    }

    #[test]
    fn too_few_values_have_no_moments() {
        assert_eq!(mean(&[]), None);
        assert_eq!(variance(&[1.0]), None);
        assert_eq!(weighted_mean(&[1.0], &[0.0]), None);
        assert_eq!(weighted_mean(&[1.0], &[1.0, 2.0]), None);
    }
}
