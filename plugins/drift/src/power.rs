//! How small a drift so many rows can tell, and how many rows it takes.
//!
//! In: numbers of rows, a significance level. Out: a Kolmogorov–Smirnov distance, or rows.
//!
//! No data: these are promises made before looking. The bounds hold for any continuous column.

use interlock_stats::distribution::normal_quantile;

/// Probability with which a drift of the detectable size is found.
pub const POWER: f64 = 0.8;

/// Half the standard error of the gap at one point, times the quantile of [`POWER`], per unit of
/// `sqrt(1/n + 1/m)`: `sqrt(p (1 − p))` is at most one half.
fn margin() -> f64 {
    0.5 * normal_quantile(POWER)
}

/// Critical KS distance per unit of `sqrt(1/n + 1/m)` at the level: `sqrt(ln(2/level) / 2)`, the
/// first term of Kolmogorov's limit law, at most a trifle too large.
fn critical(level: f64) -> f64 {
    ((2.0 / level).ln() / 2.0).sqrt()
}

/// Smallest KS distance found with probability [`POWER`] at `level` in (0, 1) with `n` reference
/// and `m` current rows; at most 1, and 1 without rows.
///
/// A bound: a gap of this size at one point alone crosses the critical value with this
/// probability; wider drifts are found more often.
///
/// # Example
/// ```
/// let d = interlock_drift::power::detectable_ks(1000, 1000, 0.05);
/// assert!((d - 0.0796).abs() < 1e-3);
/// ```
pub fn detectable_ks(n: usize, m: usize, level: f64) -> f64 {
    if n == 0 || m == 0 {
        return 1.0;
    }
    let unit = (1.0 / n as f64 + 1.0 / m as f64).sqrt();
    ((critical(level) + margin()) * unit).min(1.0)
}

/// Rows each of the two tables needs, both the same, for [`detectable_ks`] to be at most
/// `distance` in (0, 1].
pub fn rows_needed(distance: f64, level: f64) -> f64 {
    (2.0 * ((critical(level) + margin()) / distance).powi(2)).ceil()
}

/// The level each test has at worst when `n_tests` share `alpha`.
pub fn worst_level(alpha: f64, n_tests: usize, is_corrected: bool) -> f64 {
    if is_corrected {
        alpha / n_tests.max(1) as f64
    } else {
        alpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;
    use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};

    #[test]
    fn a_drift_of_the_detectable_size_is_found_as_often_as_promised() {
        let (n, level) = (400, 0.05);
        let distance = detectable_ks(n, n, level);
        let mut rng = Rng::new(3);
        let mut found = 0;
        for _ in 0..400 {
            let mut draw = |shift: f64| {
                let mut sample: Vec<f64> = (0..n).map(|_| rng.uniform() + shift).collect();
                sample.sort_by(f64::total_cmp);
                sample
            };
            // Uniform samples a shift apart have that KS distance.
            let (a, b) = (draw(0.0), draw(distance));
            let test = kolmogorov_smirnov(&a, &b, PValueMethod::Asymptotic).unwrap();
            found += u32::from(test.p_value <= level);
        }
        assert!((312..=400).contains(&found), "{found} of 400 at {distance}");
    }

    #[test]
    fn the_rows_needed_are_enough_and_not_more() {
        let n = interlock_stats::order::index_below(rows_needed(0.1, 0.01));
        assert!(detectable_ks(n, n, 0.01) <= 0.1);
        assert!(detectable_ks(n - 2, n - 2, 0.01) > 0.1);
    }

    #[test]
    fn without_rows_nothing_is_detectable() {
        assert!(detectable_ks(0, 10, 0.05) >= 1.0);
        assert!(worst_level(0.05, 0, true) >= 0.05);
    }
}
