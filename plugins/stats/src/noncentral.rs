//! The noncentral chi-square distribution, and what follows from it: intervals and power.
//!
//! In: a chi-square statistic and its degrees of freedom. Out: the range of noncentralities it is
//! compatible with, and the noncentrality a test would detect.
//!
//! A noncentrality is rows times effect: dividing it by rows gives an interval for an effect size
//! that stays honest near zero, where a bootstrap of a distance does not.

use std::f64::consts::PI;

use crate::distribution::{chi_square_cdf, chi_square_quantile};
use crate::error::StatsError;
use crate::proportion::Bounds;
use crate::special::{incomplete_gamma, stirling_correction, x_minus_ln_1p};

/// Largest noncentrality handled: beyond it nothing changes but the running time.
const MAX_NONCENTRALITY: f64 = 1e10;

/// Probability that a noncentral chi-square value is at most `x`.
///
/// The Poisson mixture `Σⱼ Poisson(j; λ/2) · P(χ²(df + 2j) ≤ x)`, summed where the Poisson weights
/// count, by downward recurrence. As `scipy.stats.ncx2.cdf(x, df, λ)`; relative error 1e-9 for
/// probabilities above 1e-12. NaN outside `df > 0`, `λ ≥ 0`.
pub fn noncentral_chi_square_cdf(x: f64, df: f64, noncentrality: f64) -> f64 {
    if x.is_nan() || df.is_nan() || df <= 0.0 || noncentrality.is_nan() || noncentrality < 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if noncentrality <= 0.0 {
        return chi_square_cdf(x, df);
    }
    let mean = noncentrality / 2.0;
    let spread = 9.0 * mean.sqrt() + 30.0;
    let first = (mean - spread).max(0.0).floor();
    let last = (mean + spread).ceil();
    let mut weight = poisson(last, mean);
    let shape = df / 2.0 + last;
    let mut lower = incomplete_gamma(shape, x / 2.0).lower;
    // P(a − 1) = P(a) + x^(a−1) e^(−x) / Γ(a): adding keeps all digits.
    let mut step = gamma_density(shape, x / 2.0);
    let mut total = 0.0;
    let mut j = last;
    loop {
        total += weight * lower;
        if j <= first {
            break;
        }
        let a = df / 2.0 + j;
        lower += step;
        step *= (a - 1.0) / (x / 2.0);
        weight *= j / mean;
        j -= 1.0;
    }
    total.min(1.0)
}

/// `xᵃ⁻¹ e⁻ˣ / Γ(a)` for `a ≥ 1`.
fn gamma_density(a: f64, x: f64) -> f64 {
    poisson(a - 1.0, x)
}

/// `mʲ e⁻ᵐ / Γ(j + 1)` for real `j ≥ 0`, as a deviance.
fn poisson(j: f64, mean: f64) -> f64 {
    if j <= 0.0 {
        return (-mean).exp();
    }
    let excess = (mean - j) / j;
    let deviance = if excess.abs() < 0.5 {
        x_minus_ln_1p(excess)
    } else {
        excess - (mean / j).ln()
    };
    (-j * deviance - stirling_correction(j)).exp() / (2.0 * PI * j).sqrt()
}

/// The noncentrality at which a value of at most `x` has probability `p`; 0 if even the central
/// distribution gives it less.
fn noncentrality_at(x: f64, df: f64, p: f64) -> f64 {
    if chi_square_cdf(x, df) <= p {
        return 0.0;
    }
    let mut low = 0.0;
    let mut high = x.max(1.0);
    while noncentral_chi_square_cdf(x, df, high) > p && high < MAX_NONCENTRALITY {
        high = 2.0 * high + 10.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if noncentral_chi_square_cdf(x, df, middle) > p {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-9 * high {
            break;
        }
    }
    f64::midpoint(low, high)
}

/// Two-sided interval for the noncentrality behind an observed chi-square statistic.
///
/// The low end is 0 when the statistic is no larger than chance allows.
///
/// # Errors
/// [`StatsError::OutOfRange`] if `level` is not in (0, 1), `df` not positive, or the statistic is
/// negative or not finite.
///
/// Source: Steiger & Fouladi, "Noncentrality interval estimation", 1997.
pub fn noncentrality_interval(statistic: f64, df: f64, level: f64) -> Result<Bounds, StatsError> {
    let is_in_range =
        level > 0.0 && level < 1.0 && df > 0.0 && (0.0..=MAX_NONCENTRALITY).contains(&statistic);
    if !is_in_range {
        return Err(StatsError::OutOfRange);
    }
    let tail = (1.0 - level) / 2.0;
    Ok(Bounds {
        low: noncentrality_at(statistic, df, 1.0 - tail),
        high: noncentrality_at(statistic, df, tail),
    })
}

/// The noncentrality that a chi-square test at `significance` finds with probability `power`.
///
/// Divided by rows it is the smallest effect worth looking for. As solving
/// `scipy.stats.ncx2.sf(chi2.isf(significance, df), df, λ) = power` for λ.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < significance < power < 1` and `df > 0`.
pub fn detectable_noncentrality(df: f64, significance: f64, power: f64) -> Result<f64, StatsError> {
    let is_in_range = significance > 0.0 && significance < power && power < 1.0 && df > 0.0;
    if !is_in_range {
        return Err(StatsError::OutOfRange);
    }
    let critical = chi_square_quantile(1.0 - significance, df);
    Ok(noncentrality_at(critical, df, 1.0 - power))
}
