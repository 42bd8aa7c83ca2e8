//! The distribution of the Kolmogorov–Smirnov statistic of one sample of `n` rows.
//!
//! In: `n` and a distance `d` in [0, 1]. Out: the probability that the largest gap between the
//! empirical and the true distribution function exceeds `d`.
//!
//! Which formula serves which `n` and `d` follows Simard & L'Ecuyer, "Computing the two-sided
//! Kolmogorov–Smirnov distribution", 2011, as SciPy's `kstwo` does. Agreement with SciPy: relative
//! 1e-9 or absolute 1e-14, whichever is larger (`fixtures/expected.json`).

use std::f64::consts::PI;

use crate::order::index_below;
use crate::special::{stirling_correction, x_minus_ln_1p};

/// Beyond this many rows the matrix method is not tried.
const MATRIX_MAX_N: u64 = 100_000;

/// Up to this many rows the matrix method is exact enough for every distance it is asked.
const SMALL_N: u64 = 140;

/// Powers of two are taken out of intermediate values beyond this, so that none overflows.
const SCALE_EXPONENT: i32 = 128;

/// Probability that the two-sided one-sample statistic of `n ≥ 1` rows is above `d`.
///
/// As `scipy.stats.kstwo.sf(d, n)`. 1 for `d ≤ 1/(2n)`, 0 for `d ≥ 1`; NaN for NaN. Cost: at worst
/// O(n) for far tails.
///
/// # Example
/// ```
/// let p = interlock_stats::kolmogorov::kolmogorov_sf(100, 0.1);
/// assert!((p - 0.25268).abs() < 1e-4);
/// ```
pub fn kolmogorov_sf(n: u64, d: f64) -> f64 {
    let rows = n as f64;
    let scaled = rows * d;
    if d.is_nan() {
        return f64::NAN;
    }
    if n == 0 || scaled <= 0.5 {
        return 1.0;
    }
    if d >= 1.0 {
        return 0.0;
    }
    if scaled <= 1.0 {
        return (1.0 - shortest_distance_cdf(rows, scaled)).clamp(0.0, 1.0);
    }
    if scaled >= rows - 1.0 {
        return (2.0 * (1.0 - d).powf(rows)).clamp(0.0, 1.0);
    }
    let square = scaled * d;
    if square >= 370.0 {
        return 0.0;
    }
    let is_tail = if n <= SMALL_N {
        square > 4.0
    } else {
        square >= 2.2
    };
    let sf = if d >= 0.5 || is_tail {
        2.0 * smirnov_sf(n, d)
    } else if n <= SMALL_N || (n <= MATRIX_MAX_N && rows * d.powf(1.5) <= 1.4) {
        1.0 - durbin_matrix_cdf(n, d)
    } else {
        1.0 - pelz_good_cdf(rows, d)
    };
    sf.clamp(0.0, 1.0)
}

/// `n! ((2nd − 1)/n)ⁿ`, exact for `1/2 < nd ≤ 1` (Ruben & Gambino, 1982).
fn shortest_distance_cdf(n: f64, scaled: f64) -> f64 {
    // ln(n!/nⁿ) without the large parts of ln n! and n ln n.
    let ln_factorial_ratio = 0.5 * (2.0 * PI * n).ln() - n + stirling_correction(n);
    (ln_factorial_ratio + n * (2.0 * scaled - 1.0).ln()).exp()
}

/// Probability that the one-sided statistic of `n` rows is above `d`.
///
/// `d Σⱼ C(n,j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j)` over `0 ≤ j ≤ n(1−d)` (Birnbaum & Tingey,
/// 1951). Every term is a binomial probability times `d / (d + j/n)`, written as a deviance; summed
/// from the middle outwards until terms no longer count. As `scipy.special.smirnov(n, d)`.
pub fn smirnov_sf(n: u64, d: f64) -> f64 {
    if d <= 0.0 {
        return 1.0;
    }
    let rows = n as f64;
    let last = index_below(rows * (1.0 - d)) as u64;
    let middle = (n / 2).min(last);
    let mut total = 0.0;
    for j in (0..=middle).rev() {
        let term = smirnov_term(rows, rows * d, j as f64);
        total += term;
        // Toward j = 0 the factor d/(d + j/n) grows, never faster than 1/j.
        if j > 0 && term * rows * 2.0 < total * f64::EPSILON * 0.01 {
            break;
        }
    }
    for j in middle + 1..=last {
        let term = smirnov_term(rows, rows * d, j as f64);
        total += term;
        if term * rows * 2.0 < total * f64::EPSILON * 0.01 {
            break;
        }
    }
    // The outermost term j = 0 is (1 − d)ⁿ and never lost: its deviance is the largest of all.
    total.min(1.0)
}

/// One term of [`smirnov_sf`]; `t = nd`.
fn smirnov_term(n: f64, t: f64, j: f64) -> f64 {
    let rest = n - j;
    if j <= 0.0 {
        return (n * (-t / n).ln_1p()).exp();
    }
    if t >= rest {
        return 0.0;
    }
    let deviance = j * x_minus_ln_1p(t / j) + rest * x_minus_ln_1p(-t / rest);
    let correction = stirling_correction(n) - stirling_correction(j) - stirling_correction(rest);
    t / (t + j) * (n / (2.0 * PI * j * rest)).sqrt() * (correction - deviance).exp()
}

/// A square matrix with a power of two taken out: `values · 2^exponent`, row-major
/// (`values[row * size + column]`).
struct ScaledMatrix {
    size: usize,
    values: Vec<f64>,
    exponent: i32,
}

impl ScaledMatrix {
    fn identity(size: usize) -> Self {
        let mut values = vec![0.0; size * size];
        for diagonal in 0..size {
            values[diagonal * size + diagonal] = 1.0;
        }
        Self {
            size,
            values,
            exponent: 0,
        }
    }

    fn times(&self, other: &Self) -> Self {
        let size = self.size;
        let mut values = vec![0.0; size * size];
        for (row, target) in self.values.chunks(size).zip(values.chunks_mut(size)) {
            for (factor, line) in row.iter().zip(other.values.chunks(size)) {
                for (cell, value) in target.iter_mut().zip(line) {
                    *cell += factor * value;
                }
            }
        }
        let mut product = Self {
            size,
            values,
            exponent: self.exponent + other.exponent,
        };
        let middle = product.values[(size / 2) * size + size / 2];
        if middle > 2.0_f64.powi(SCALE_EXPONENT) {
            let scale = 2.0_f64.powi(-SCALE_EXPONENT);
            product.values.iter_mut().for_each(|value| *value *= scale);
            product.exponent += SCALE_EXPONENT;
        }
        product
    }
}

/// Probability that the two-sided statistic is at most `d`, by Durbin's matrix (Marsaglia, Tsang &
/// Wang, "Evaluating Kolmogorov's distribution", 2003). Cost: O((nd)³ ln n).
fn durbin_matrix_cdf(n: u64, d: f64) -> f64 {
    let rows = n as f64;
    let k = index_below((rows * d).ceil());
    let h = k as f64 - rows * d;
    let mut base = durbin_matrix(k, h);
    let mut power = ScaledMatrix::identity(base.size);
    let mut remaining = n;
    while remaining > 0 {
        if remaining % 2 == 1 {
            power = power.times(&base);
        }
        remaining /= 2;
        if remaining > 0 {
            base = base.times(&base);
        }
    }
    let mut probability = power.values[(k - 1) * power.size + k - 1];
    let mut exponent = power.exponent;
    for factor in 1..=n {
        probability *= factor as f64 / rows;
        if probability < 2.0_f64.powi(-SCALE_EXPONENT) {
            probability *= 2.0_f64.powi(SCALE_EXPONENT);
            exponent -= SCALE_EXPONENT;
        }
    }
    // In two steps: the factor alone may be below the smallest double.
    let half = exponent / 2;
    probability * 2.0_f64.powi(half) * 2.0_f64.powi(exponent - half)
}

/// The matrix H of size `2k − 1` for `nd = k − h`.
fn durbin_matrix(k: usize, h: f64) -> ScaledMatrix {
    let size = 2 * k - 1;
    let mut inverse_factorial = vec![1.0; size + 2];
    for j in 1..inverse_factorial.len() {
        inverse_factorial[j] = inverse_factorial[j - 1] / j as f64;
    }
    let mut power_of_h = 1.0;
    let mut edge: Vec<f64> = Vec::with_capacity(size);
    for factor in &inverse_factorial[1..=size] {
        power_of_h *= h;
        edge.push((1.0 - power_of_h) * factor);
    }
    let excess = (1..=size).fold(1.0, |power, _| power * (2.0 * h - 1.0).max(0.0));
    edge[size - 1] = (1.0 + excess - 2.0 * power_of_h) * inverse_factorial[size];

    let mut values = vec![0.0; size * size];
    for row in 0..size {
        for column in 1..=(row + 1).min(size - 1) {
            values[row * size + column] = inverse_factorial[row + 1 - column];
        }
        values[row * size] = edge[row];
    }
    for (column, value) in edge.iter().rev().enumerate() {
        values[(size - 1) * size + column] = *value;
    }
    ScaledMatrix {
        size,
        values,
        exponent: 0,
    }
}

/// Probability that the two-sided statistic is at most `d` for many rows: the limiting law and
/// three corrections in powers of `n^(−1/2)` (Pelz & Good, "Approximating the lower tail-areas of
/// the Kolmogorov–Smirnov one-sample statistic", 1976).
fn pelz_good_cdf(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, pi2) = (z * z, PI * PI);
    let (z4, z6) = (z2 * z2, z2 * z2 * z2);
    if -pi2 / 8.0 / z2 < -708.0 {
        return 0.0;
    }
    let n_terms = index_below((16.0 * z / PI).ceil());
    // Sums over odd m of polynomials in m² times exp(−m² π² / 8z²).
    let (mut k0, mut k1, mut k2, mut k3) = (0.0, 0.0, 0.0, 0.0);
    for k in (1..=n_terms).rev() {
        let m2 = (2 * k - 1).pow(2) as f64;
        let weight = (-pi2 * m2 / (8.0 * z2)).exp();
        let u = pi2 * m2 / 4.0;
        k0 += weight;
        k1 += weight * (u - z2);
        k2 += weight * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * u + (1.0 - 2.0 * z2) * u * u);
        k3 += weight
            * (-30.0 * z6 - 90.0 * z4 * z4
                + (135.0 * z4 - 96.0 * z6) * u
                + (212.0 * z4 - 60.0 * z2) * u * u
                + (5.0 - 30.0 * z2) * u * u * u);
    }
    let root = (2.0 * PI).sqrt();
    k0 *= root / z;
    k1 *= root / (6.0 * z4);
    k2 *= root / (72.0 * z6 * z);
    k3 *= root / (6480.0 * z6 * z4);
    // Sums over all k of polynomials in k² times exp(−k² π² / 2z²).
    for k in (1..=n_terms).rev() {
        let v = pi2 * (k * k) as f64;
        let weight = (-v / (2.0 * z2)).exp();
        k2 -= weight * v * root / (36.0 * z2 * z);
        k3 += weight * v * (3.0 * z2 - v) * root / (216.0 * z6);
    }
    k0 + k1 / n.sqrt() + k2 / n + k3 / (n * n.sqrt())
}
