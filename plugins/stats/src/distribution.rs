//! Normal, chi-square, Student and beta distributions.
//!
//! In: a point or a probability, and the shape. Out: lower tail (`cdf`), upper tail (`sf`) and
//! quantile.
//!
//! Accuracy: relative error at most 1e-10 against SciPy over the grid of `fixtures/expected.json`,
//! far tails included; `sf` is computed, never `1 − cdf`. Arguments outside their range give NaN.
//! NaN in, NaN out.

use std::f64::consts::{PI, SQRT_2};

use crate::special::{Tails, incomplete_beta, incomplete_gamma, ln_gamma};

/// Probability that a standard normal value is at most `z`.
pub fn normal_cdf(z: f64) -> f64 {
    normal_tails(z).lower
}

/// Probability that a standard normal value is above `z`.
pub fn normal_sf(z: f64) -> f64 {
    normal_tails(z).upper
}

fn normal_tails(z: f64) -> Tails {
    let half = incomplete_gamma(0.5, z * z / 2.0);
    let beyond = half.upper / 2.0;
    let tails = Tails {
        lower: if half.lower < 0.5 {
            0.5 + half.lower / 2.0
        } else {
            1.0 - beyond
        },
        upper: beyond,
    };
    if z < 0.0 { tails.flipped() } else { tails }
}

/// The point below which a standard normal value lies with probability `p` in (0, 1).
///
/// −∞ at 0, ∞ at 1. Start of Abramowitz & Stegun 26.2.23, then Halley's method on the smaller tail.
///
/// # Example
/// ```
/// let z = interlock_stats::distribution::normal_quantile(0.975);
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-12);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        // 1 − p is exact here.
        return -normal_quantile(1.0 - p);
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = (-2.0 * p.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = numerator / denominator - t;
    for _ in 0..4 {
        // Relative error of the tail over the density relative to the tail; both stay finite.
        let tail = normal_cdf(z);
        let density = (-z * z / 2.0).exp() / (SQRT_2 * PI.sqrt());
        if density <= 0.0 {
            break;
        }
        let newton = (tail - p) / density;
        z -= newton / (1.0 + z * newton / 2.0);
    }
    z
}

/// Probability that a chi-square value with `df > 0` degrees of freedom is at most `x`.
pub fn chi_square_cdf(x: f64, df: f64) -> f64 {
    incomplete_gamma(df / 2.0, x.max(0.0) / 2.0).lower
}

/// Probability that a chi-square value with `df > 0` degrees of freedom is above `x`.
pub fn chi_square_sf(x: f64, df: f64) -> f64 {
    incomplete_gamma(df / 2.0, x.max(0.0) / 2.0).upper
}

/// The point below which a chi-square value lies with probability `p`; infinite at 1.
pub fn chi_square_quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) || !is_positive(df) {
        return f64::NAN;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let mut high = df.max(1.0);
    while chi_square_cdf(high, df) < p {
        high *= 2.0;
    }
    let ln_scale = (df / 2.0) * 2.0_f64.ln() + ln_gamma(df / 2.0);
    let density = |x: f64| ((df / 2.0 - 1.0) * x.ln() - x / 2.0 - ln_scale).exp();
    let tails = |x: f64| incomplete_gamma(df / 2.0, x / 2.0);
    solve(p, (0.0, high), &tails, &density)
}

/// Probability that a Student value with `df > 0` degrees of freedom is at most `t`.
pub fn student_cdf(t: f64, df: f64) -> f64 {
    student_tails(t, df).lower
}

/// Probability that a Student value with `df > 0` degrees of freedom is above `t`.
pub fn student_sf(t: f64, df: f64) -> f64 {
    student_tails(t, df).upper
}

fn student_tails(t: f64, df: f64) -> Tails {
    if t.is_nan() || !is_positive(df) {
        return Tails {
            lower: f64::NAN,
            upper: f64::NAN,
        };
    }
    let square = t * t;
    let outside = if square.is_infinite() {
        0.0
    } else {
        df / (df + square)
    };
    let inside = if square.is_infinite() {
        1.0
    } else {
        square / (df + square)
    };
    let half = incomplete_beta(df / 2.0, 0.5, outside, inside);
    let tails = Tails {
        lower: 0.5 + half.upper / 2.0,
        upper: half.lower / 2.0,
    };
    if t < 0.0 { tails.flipped() } else { tails }
}

/// The point below which a Student value with `df > 0` degrees of freedom lies with probability
/// `p`; ∓∞ at 0 and 1.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) || !is_positive(df) {
        return f64::NAN;
    }
    if p < 0.5 {
        // The upper tail of the mirrored point is p itself, digits intact.
        return -student_upper_point(p, df);
    }
    student_upper_point(1.0 - p, df)
}

/// The `t ≥ 0` above which lies probability `tail ≤ ½`.
fn student_upper_point(tail: f64, df: f64) -> f64 {
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    let mut high = 2.0;
    while student_sf(high, df) > tail {
        high *= 2.0;
    }
    let ln_scale = ln_gamma(df / 2.0) - ln_gamma(f64::midpoint(df, 1.0)) + 0.5 * (df * PI).ln();
    let density = |t: f64| (-(f64::midpoint(df, 1.0)) * (t * t / df).ln_1p() - ln_scale).exp();
    // Seen from above, so that the small tail is the one matched.
    let mirrored = |t: f64| student_tails(t, df).flipped();
    let falling = |t: f64| -density(t);
    solve(tail, (0.0, high), &mirrored, &falling)
}

/// Probability that a beta value with shapes `a, b > 0` is at most `x`.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    incomplete_beta(a, b, x, 1.0 - x).lower
}

/// Probability that a beta value with shapes `a, b > 0` is above `x`.
pub fn beta_sf(x: f64, a: f64, b: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    incomplete_beta(a, b, x, 1.0 - x).upper
}

/// The point below which a beta value with shapes `a, b > 0` lies with probability `p`.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) || !is_positive(a) || !is_positive(b) {
        return f64::NAN;
    }
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let density = |x: f64| ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() - ln_beta).exp();
    let tails = |x: f64| incomplete_beta(a, b, x, 1.0 - x);
    solve(p, (0.0, 1.0), &tails, &density)
}

/// Whether `shape` is above 0; NaN is not.
fn is_positive(shape: f64) -> bool {
    shape > 0.0
}

/// Finds the point of `bracket` whose lower tail is `p`: Newton steps, bisection where one would
/// leave the bracket or the density is of no use. `tails(x).lower` is monotone; `slope` is its
/// derivative and says by its sign in which direction.
fn solve(
    p: f64,
    bracket: (f64, f64),
    tails: &dyn Fn(f64) -> Tails,
    slope: &dyn Fn(f64) -> f64,
) -> f64 {
    let (mut low, mut high) = bracket;
    let mut x = f64::midpoint(low, high);
    for _ in 0..2000 {
        let found = tails(x);
        // Above ½ the upper tail has more digits.
        let excess = if found.lower <= 0.5 {
            found.lower - p
        } else {
            (1.0 - p) - found.upper
        };
        let steepness = slope(x);
        let is_right = (excess > 0.0) == (steepness >= 0.0);
        if is_right {
            high = x;
        } else {
            low = x;
        }
        let newton = x - excess / steepness;
        if (newton - x).abs() <= 2.0 * f64::EPSILON * x.abs() {
            return newton;
        }
        // Toward 0 halving is too slow for quantiles like 1e-200; the geometric mean is not.
        let middle = if low > 0.0 && high / low > 4.0 {
            (low * high).sqrt()
        } else if low <= 0.0 && high < 1e-3 {
            high * 1e-3
        } else {
            f64::midpoint(low, high)
        };
        let next = if newton > low && newton < high {
            newton
        } else {
            middle
        };
        if (next - x).abs() <= 2.0 * f64::EPSILON * next.abs() {
            return next;
        }
        x = next;
    }
    x
}
