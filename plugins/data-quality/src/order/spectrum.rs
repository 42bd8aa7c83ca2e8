//! Periods in a series: peaks of its spectrum.
//!
//! In: a series at equal steps. Out: the period that stands out most from the periods around it.
//!
//! A peak is compared with the frequencies around it, not with white noise: a series that merely
//! remembers its last values has a smooth spectrum, and no peak.

use std::f64::consts::PI;

/// Frequencies on each side of a peak it is compared with.
const N_AROUND: usize = 10;

/// Frequencies beside a peak that are left out, because a period between two frequencies fills both.
const N_LEAKED: usize = 2;

/// Cycles a period must have in the series.
pub const MIN_CYCLES: usize = 4;

/// Values a series needs.
pub const MIN_VALUES: usize = 60;

/// A period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Its length in steps.
    pub length: f64,
    /// Share of the variance at this frequency and its two neighbors, 0 to 1.
    pub share: f64,
    /// Fisher's g: the ordinate over the sum of all.
    pub g: f64,
    /// Probability of a peak like this by chance at one of all frequencies.
    pub p_value: f64,
}

/// The most outstanding period. `None` with too few values, or if all are equal; no value is NaN or
/// infinite.
///
/// An ordinate over the mean of `k` ordinates around it follows an F distribution with 2 and 2k
/// degrees of freedom where the spectrum is flat; the p-value is corrected for all frequencies.
pub fn strongest_period(values: &[f64]) -> Option<Period> {
    let n = values.len();
    if n < MIN_VALUES {
        return None;
    }
    let spectrum = periodogram(&detrended(values)?);
    let total: f64 = spectrum.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    // Ordinate 0 is one cycle in the series.
    let candidates = MIN_CYCLES - 1..spectrum.len();
    let n_candidates = candidates.len() as f64;
    candidates
        .map(|at| {
            let below = at.saturating_sub(N_LEAKED + N_AROUND)..at.saturating_sub(N_LEAKED);
            let above = (at + N_LEAKED + 1).min(spectrum.len())
                ..(at + N_LEAKED + N_AROUND + 1).min(spectrum.len());
            let k = (below.len() + above.len()) as f64;
            let around: f64 = spectrum[below].iter().chain(&spectrum[above]).sum();
            let beside = at - 1..(at + 2).min(spectrum.len());
            Period {
                length: n as f64 / (at as f64 + 1.0),
                share: spectrum[beside].iter().sum::<f64>() / total,
                g: spectrum[at] / total,
                p_value: (-k * (spectrum[at] / around.max(f64::MIN_POSITIVE)).ln_1p()).exp(),
            }
        })
        .min_by(|a, b| a.p_value.total_cmp(&b.p_value).then(b.g.total_cmp(&a.g)))
        .map(|found| Period {
            p_value: (found.p_value * n_candidates).min(1.0),
            ..found
        })
}

/// Without its line of least squares, divided by the largest rest; `None` if nothing is left.
fn detrended(values: &[f64]) -> Option<Vec<f64>> {
    let n = values.len() as f64;
    let size = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if !(size > 0.0 && size.is_finite()) {
        return None;
    }
    let scaled: Vec<f64> = values.iter().map(|value| value / size).collect();
    let mean = scaled.iter().sum::<f64>() / n;
    let middle = (n - 1.0) / 2.0;
    let product: f64 = scaled
        .iter()
        .enumerate()
        .map(|(at, value)| (at as f64 - middle) * (value - mean))
        .sum();
    let slope = product / (n * (n * n - 1.0) / 12.0);
    let rest = |(at, value): (usize, &f64)| value - mean - slope * (at as f64 - middle);
    let rest: Vec<f64> = scaled.iter().enumerate().map(rest).collect();
    let most = rest.iter().map(|value| value.abs()).fold(0.0, f64::max);
    // What rounding leaves of a straight line is no series.
    (most > 1e-12).then_some(rest)
}

/// Squared sizes of the discrete Fourier transform at 1, 2, … cycles, below half the length.
pub fn periodogram(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let transform = transform(values);
    transform
        .iter()
        .skip(1)
        .take(n.saturating_sub(1) / 2)
        .map(|(re, im)| re * re + im * im)
        .collect()
}

type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// The transform of a series of any length, by Bluestein's algorithm: O(n log n).
fn transform(values: &[f64]) -> Vec<Complex> {
    let n = values.len();
    let size = (2 * n).next_power_of_two();
    // exp(−iπ k² / n), with k² taken modulo 2n to keep its digits.
    let chirp: Vec<Complex> = (0..n as u64)
        .map(|k| {
            let turns = (u128::from(k) * u128::from(k) % (2 * n as u128)) as f64;
            let angle = -PI * turns / n as f64;
            (angle.cos(), angle.sin())
        })
        .collect();
    let mut series = vec![(0.0, 0.0); size];
    let mut kernel = vec![(0.0, 0.0); size];
    for (at, value) in values.iter().enumerate() {
        series[at] = (value * chirp[at].0, value * chirp[at].1);
        let back = (chirp[at].0, -chirp[at].1);
        kernel[at] = back;
        kernel[(size - at) % size] = back;
    }
    fast(&mut series);
    fast(&mut kernel);
    for (value, factor) in series.iter_mut().zip(&kernel) {
        let product = times(*value, *factor);
        // Conjugated, so that the same transform leads back.
        *value = (product.0, -product.1);
    }
    fast(&mut series);
    let scale = 1.0 / size as f64;
    series[..n]
        .iter()
        .zip(&chirp)
        .map(|(value, chirp)| times((value.0 * scale, -value.1 * scale), *chirp))
        .collect()
}

/// The transform in place of as many values as a power of two.
fn fast(values: &mut [Complex]) {
    let n = values.len();
    let bits = n.trailing_zeros();
    for at in 0..n {
        let other = at.reverse_bits() >> (usize::BITS - bits.max(1));
        if bits > 0 && at < other {
            values.swap(at, other);
        }
    }
    let mut half = 1;
    while half < n {
        let turns: Vec<Complex> = (0..half)
            .map(|k| {
                let angle = -PI * k as f64 / half as f64;
                (angle.cos(), angle.sin())
            })
            .collect();
        for block in values.chunks_exact_mut(2 * half) {
            let (even, odd) = block.split_at_mut(half);
            for ((even, odd), turn) in even.iter_mut().zip(odd).zip(&turns) {
                let turned = times(*odd, *turn);
                *odd = (even.0 - turned.0, even.1 - turned.1);
                *even = (even.0 + turned.0, even.1 + turned.1);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn the_periodogram_is_that_of_the_definition() {
        let mut rng = Rng::new(1);
        for n in [1, 2, 7, 64, 97, 120] {
            let values: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
            let fast = periodogram(&values);
            assert_eq!(fast.len(), (n - 1) / 2);
            for (at, actual) in fast.iter().enumerate() {
                let angle = 2.0 * PI * (at as f64 + 1.0) / n as f64;
                let part = |f: fn(f64) -> f64| -> f64 {
                    let terms = values.iter().enumerate();
                    terms.map(|(t, value)| value * f(angle * t as f64)).sum()
                };
                let expected = part(f64::cos).powi(2) + part(f64::sin).powi(2);
                assert!((actual - expected).abs() < 1e-8, "{n} {at}");
            }
        }
        assert!(periodogram(&[]).is_empty());
    }

    #[test]
    fn a_week_is_found_in_noise_and_memory_is_no_period() {
        let mut rng = Rng::new(3);
        let mut last = 0.0;
        let mut noise = |with_week: f64| -> Vec<f64> {
            (0..365)
                .map(|day| {
                    last = 0.7 * last + rng.normal();
                    last + with_week * (2.0 * PI * f64::from(day) / 7.0).sin()
                })
                .collect()
        };
        let found = strongest_period(&noise(1.5)).unwrap();
        assert!(
            (found.length - 7.0).abs() < 0.1 && found.p_value < 1e-4,
            "{found:?}"
        );
        assert!(strongest_period(&noise(0.0)).unwrap().p_value > 0.05);
        let line: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(strongest_period(&line), None);
        assert_eq!(strongest_period(&[1.0; 100]), None);
        assert_eq!(strongest_period(&[]), None);
    }
}
