//! Whether a series keeps its level: the test of Kwiatkowski, Phillips, Schmidt and Shin.
//!
//! In: a series in the order of time. Out: the statistic and its asymptotic p-value.

use std::f64::consts::PI;

/// The test of level stationarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kpss {
    /// Sum of squared partial sums over `n²` and the long-run variance.
    pub statistic: f64,
    /// Lags of the long-run variance (Bartlett weights, chosen as Hobijn, Franses and Ooms do).
    pub lags: usize,
    /// Probability of a statistic like this if the level is kept.
    pub p_value: f64,
}

/// As `statsmodels.tsa.stattools.kpss(x, regression="c", nlags="auto")`, except for the p-value,
/// which is that of the limiting distribution and not cut at 0.01 and 0.1.
///
/// `None` with fewer than 10 values, or if all are equal. No value is NaN or infinite.
pub fn kpss(values: &[f64]) -> Option<Kpss> {
    let n = values.len() as f64;
    if values.len() < 10 {
        return None;
    }
    let mean = values.iter().map(|value| value / n).sum::<f64>();
    let size = values
        .iter()
        .map(|value| (value - mean).abs())
        .fold(0.0, f64::max);
    // What rounding leaves of equal values is no series.
    if !(size > 1e-12 * mean.abs() && size.is_finite()) {
        return None;
    }
    // Divided by the largest, so that squares neither vanish nor overflow.
    let rest: Vec<f64> = values.iter().map(|value| (value - mean) / size).collect();
    let covariance = |lag: usize| -> f64 {
        let pairs = rest.iter().zip(&rest[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / n
    };
    let lags = lags(values.len(), &covariance);
    let mut variance = covariance(0);
    for lag in 1..=lags {
        variance += 2.0 * covariance(lag) * (1.0 - lag as f64 / (lags as f64 + 1.0));
    }
    let mut partial = 0.0;
    let squares: f64 = rest
        .iter()
        .map(|value| {
            partial += value;
            partial * partial
        })
        .sum();
    let statistic = squares / (n * n) / variance;
    (variance > 0.0).then(|| Kpss {
        statistic,
        lags,
        p_value: cramer_von_mises_sf(statistic),
    })
}

fn lags(n: usize, covariance: &dyn Fn(usize) -> f64) -> usize {
    let count = n as f64;
    let mut n_pilot = 0_usize;
    while ((n_pilot + 1) as f64).powi(9) <= count * count {
        n_pilot += 1;
    }
    let (mut level, mut slope) = (covariance(0), 0.0);
    for lag in 1..=n_pilot {
        let twice = 2.0 * covariance(lag);
        level += twice;
        slope += lag as f64 * twice;
    }
    let ratio = slope / level;
    let wanted = 1.1447 * (ratio * ratio).cbrt() * count.cbrt();
    let most = n - 1;
    (0..most)
        .take_while(|lag| (lag + 1) as f64 <= wanted)
        .count()
}

/// Upper tail of the limit of the Cramér–von Mises statistic, `Σ χ²ⱼ / (j π)²`, which is that of the
/// test's statistic as well; to about ten digits from 0.05 on, and 1 below 0.02.
///
/// Smirnov's formula: alternating integrals of `√(−t / sin t) exp(−x t² / 2) / t` over the stretches
/// where the sine is negative, times 2/π.
pub fn cramer_von_mises_sf(x: f64) -> f64 {
    const N_POINTS: usize = 400;
    if x.is_nan() {
        return 1.0;
    }
    if x < 0.02 {
        return 1.0;
    }
    let mut total = 0.0;
    for stretch in 1..=40_i32 {
        let middle = (2.0 * f64::from(stretch) - 0.5) * PI;
        let start = middle - PI / 2.0;
        if x * start * start / 2.0 > 745.0 {
            break;
        }
        // t = middle + π/2 · sin φ takes the roots at both ends away.
        let step = PI / N_POINTS as f64;
        let integral: f64 = (0..N_POINTS)
            .map(|at| {
                let angle = (at as f64 + 0.5) * step - PI / 2.0;
                let t = (PI / 2.0).mul_add(angle.sin(), middle);
                let root = (t / -t.sin()).sqrt();
                root * (-x * t * t / 2.0).exp() / t * (PI / 2.0) * angle.cos() * step
            })
            .sum();
        total += if stretch % 2 == 1 {
            integral
        } else {
            -integral
        };
    }
    (2.0 / PI * total).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn a_level_that_moves_is_told_from_one_that_stays() {
        let mut rng = Rng::new(1);
        let still: Vec<f64> = (0..400).map(|_| rng.normal()).collect();
        assert!(kpss(&still).unwrap().p_value > 0.05);
        let mut sum = 0.0;
        let walk: Vec<f64> = still
            .iter()
            .map(|step| {
                sum += step;
                sum
            })
            .collect();
        assert!(kpss(&walk).unwrap().p_value < 0.01);
        // The same in another unit, however large.
        let large: Vec<f64> = walk.iter().map(|value| value * 1e200).collect();
        let (own, other) = (kpss(&walk).unwrap(), kpss(&large).unwrap());
        assert!((own.statistic / other.statistic - 1.0).abs() < 1e-9);
        assert_eq!(kpss(&[1.0; 50]), None);
        assert_eq!(kpss(&[1.0, 2.0]), None);
    }

    #[test]
    fn the_tail_is_that_of_a_sum_of_squares() {
        // The known upper points of the distribution: 0.347, 0.461, 0.743 for 10, 5 and 1 %.
        for (x, expected) in [(0.347_30, 0.10), (0.461_36, 0.05), (0.743_46, 0.01)] {
            let actual = cramer_von_mises_sf(x);
            assert!((actual - expected).abs() < 5e-6, "{x}: {actual}");
        }
        assert!(cramer_von_mises_sf(0.0) >= 1.0 && cramer_von_mises_sf(f64::NAN) >= 1.0);
        assert!(cramer_von_mises_sf(1e9) <= 0.0);
    }
}
