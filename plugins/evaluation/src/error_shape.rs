//! How the errors of predicted numbers lie: on one side, far out, askew, wider here than there.
//!
//! In: errors (prediction minus target), groups of rows. Out: figures with intervals.
//!
//! This module knows no columns and no words. Errors must be finite.

use interlock_stats::StatsError;
use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::distribution::{beta_cdf, student_quantile};
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::{mean, standard_deviation};
use interlock_stats::order::sorted;
use interlock_stats::proportion::{Bounds, two_sided_quantile, wilson};

/// Median absolute deviations of a normal distribution in one standard deviation:
/// `1 / scipy.stats.norm.ppf(0.75)`.
pub const NORMAL_DEVIATION: f64 = 1.482_602_218_505_602;

/// Robust standard deviations from the median beyond which an error is far out. A normal
/// distribution has two such errors among a thousand million.
pub const FAR: f64 = 6.0;

/// Rows of a tenth below which its spread is not compared: too few tell their own kurtosis.
const MIN_SPREAD_ROWS: usize = 20;

/// Groups left out in turn by the jackknife.
const N_GROUPS: usize = 100;

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimated {
    /// The estimate.
    pub value: f64,
    /// `None` where nothing can be said.
    pub bounds: Option<Bounds>,
}

/// How errors lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Mean error, with Student's interval.
    pub mean: Estimated,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean error relative to `rmse`, −1 to 1.
    pub bias: Estimated,
    /// Median error.
    pub median: f64,
    /// Standard deviation as the median absolute deviation tells it; 0 if most errors are equal.
    pub robust_deviation: f64,
    /// Rows beyond [`FAR`] robust deviations, ascending; empty if `robust_deviation` is 0.
    pub far_rows: Vec<usize>,
    /// Their share, with Wilson's interval.
    pub far: Estimated,
    /// Their part of the sum of squared errors.
    pub far_part: f64,
    /// Third standardized moment; `scipy.stats.skew`.
    pub skewness: Estimated,
    /// Fourth standardized moment less 3; `scipy.stats.kurtosis`.
    pub excess_kurtosis: Estimated,
}

/// Looks at errors; `None` of fewer than two, if all are equal, or if one is no finite number.
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
pub fn shape(errors: &[f64], level: f64) -> Result<Option<Shape>, StatsError> {
    let size = errors
        .iter()
        .fold(0.0_f64, |most, error| most.max(error.abs()));
    // In units of the largest, so that squares neither overflow nor vanish.
    let scaled: Vec<f64> = errors.iter().map(|error| error / size).collect();
    let found = scaled_shape(&scaled, level)?;
    Ok(found.map(|mut found| {
        found.mean.value *= size;
        if let Some(bounds) = &mut found.mean.bounds {
            (bounds.low, bounds.high) = (bounds.low * size, bounds.high * size);
        }
        found.rmse *= size;
        found.median *= size;
        found.robust_deviation *= size;
        found
    }))
}

fn scaled_shape(errors: &[f64], level: f64) -> Result<Option<Shape>, StatsError> {
    let z = two_sided_quantile(level)?;
    let (Ok((center, bounds)), Some(deviation)) =
        (mean_interval(errors, level), standard_deviation(errors))
    else {
        return Ok(None);
    };
    if !(deviation > 0.0 && deviation.is_finite() && (center / deviation).is_finite()) {
        return Ok(None);
    }
    // In units of the deviation, so that powers neither overflow nor vanish.
    let powers = Powers::of(errors, center, deviation);
    let [skewness, excess_kurtosis] = powers.figures(level);
    let median = middle(errors.to_vec()).unwrap_or(center);
    let distances: Vec<f64> = errors.iter().map(|error| (error - median).abs()).collect();
    let robust_deviation = NORMAL_DEVIATION * middle(distances.clone()).unwrap_or(0.0);
    let far_rows: Vec<usize> = if robust_deviation > 0.0 {
        let is_far = |row: &usize| distances[*row] > FAR * robust_deviation;
        (0..errors.len()).filter(is_far).collect()
    } else {
        Vec::new()
    };
    let (n_far, n) = (far_rows.len() as u64, errors.len() as u64);
    let square = |error: f64| (error / deviation).powi(2);
    let squares: f64 = errors.iter().map(|&error| square(error)).sum();
    let far_squares: f64 = far_rows.iter().map(|&row| square(errors[row])).sum();
    Ok(Some(Shape {
        mean: Estimated {
            value: center,
            bounds: Some(bounds),
        },
        rmse: deviation * (squares / n as f64).sqrt(),
        bias: bias(center / deviation, &powers, z),
        median,
        robust_deviation,
        far: Estimated {
            value: n_far as f64 / n as f64,
            bounds: (robust_deviation > 0.0)
                .then(|| wilson(n_far, n, level).ok())
                .flatten(),
        },
        far_part: far_squares / squares,
        far_rows,
        skewness,
        excess_kurtosis,
    }))
}

/// The median, without a sort; `None` of no values.
fn middle(mut values: Vec<f64>) -> Option<f64> {
    let at = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(at, f64::total_cmp);
    if !is_even {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp);
    lower.map(|lower| f64::midpoint(lower, upper))
}

/// Mean over root mean square. With `d` the mean in standard deviations it is `d / √(1 + d²)`
/// (divisor n); the variance of `d` by the delta method is `(1 − d·γ + d²(κ − 1) / 4) / n`.
fn bias(d: f64, powers: &Powers, z: f64) -> Estimated {
    let n = powers.n();
    let [_, two, three, four] = powers.total.map(|power| power / n);
    // From the deviation with divisor n − 1 to that with n.
    let d = d / two.sqrt();
    let (skewness, kurtosis) = (three / two.powf(1.5), four / (two * two));
    let variance = (1.0 - d * skewness + d * d * (kurtosis - 1.0) / 4.0) / n;
    let relative = |d: f64| d / d.hypot(1.0);
    let half = z * variance.max(0.0).sqrt();
    Estimated {
        value: relative(d),
        bounds: half.is_finite().then(|| Bounds {
            low: relative(d - half),
            high: relative(d + half),
        }),
    }
}

/// Sums of powers one to four of standardized errors, in all and by group.
struct Powers {
    groups: Vec<(f64, [f64; 4])>,
    total: [f64; 4],
}

impl Powers {
    fn of(errors: &[f64], center: f64, deviation: f64) -> Self {
        let n_groups = errors.len().min(N_GROUPS);
        let mut groups = vec![(0.0, [0.0; 4]); n_groups];
        for (row, error) in errors.iter().enumerate() {
            let x = (error - center) / deviation;
            let (n, sums) = &mut groups[row % n_groups];
            *n += 1.0;
            for (sum, power) in sums.iter_mut().zip([x, x * x, x * x * x, x * x * x * x]) {
                *sum += power;
            }
        }
        let total = std::array::from_fn(|power| groups.iter().map(|(_, own)| own[power]).sum());
        Self { groups, total }
    }

    fn n(&self) -> f64 {
        self.groups.iter().map(|(n, _)| n).sum()
    }

    /// Skewness and excess kurtosis with intervals of the grouped jackknife.
    fn figures(&self, level: f64) -> [Estimated; 2] {
        let n = self.n();
        let all = standardized(n, self.total);
        let left_out: Vec<[f64; 2]> = self
            .groups
            .iter()
            .map(|(own, sums)| {
                standardized(n - own, std::array::from_fn(|at| self.total[at] - sums[at]))
            })
            .collect();
        let m = left_out.len() as f64;
        let quantile = student_quantile(f64::midpoint(1.0, level), m - 1.0);
        std::array::from_fn(|at| {
            let center = left_out.iter().map(|own| own[at]).sum::<f64>() / m;
            let squares = left_out.iter().map(|own| (own[at] - center).powi(2));
            let half = quantile * (squares.sum::<f64>() * (m - 1.0) / m).sqrt();
            Estimated {
                value: all[at],
                bounds: half.is_finite().then(|| Bounds {
                    low: all[at] - half,
                    high: all[at] + half,
                }),
            }
        })
    }
}

/// Skewness and excess kurtosis from sums of powers about any point.
fn standardized(n: f64, sums: [f64; 4]) -> [f64; 2] {
    let [one, two, three, four] = sums.map(|sum| sum / n);
    let variance = two - one * one;
    let third = three - 3.0 * one * two + 2.0 * one.powi(3);
    let fourth = four - 4.0 * one * three + 6.0 * one * one * two - 3.0 * one.powi(4);
    [
        third / variance.powf(1.5),
        fourth / (variance * variance) - 3.0,
    ]
}

/// Errors by tenths of the prediction; fewer where predictions repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Deciles {
    /// Inner edges.
    pub edges: Vec<f64>,
    /// The tenth of each row.
    pub places: Vec<usize>,
    /// The rows of each tenth, ascending.
    pub rows: Vec<Vec<usize>>,
    /// Their errors.
    pub groups: Vec<Vec<f64>>,
    /// Whether all are equally wide; see [`equal_spread_p_value`].
    pub p_value: Option<f64>,
    /// Spread of the highest relative to the lowest; see [`spread_ratio`].
    pub ratio: Option<Estimated>,
}

impl Deciles {
    /// Cuts the rows.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] if the level is not in (0, 1).
    pub fn of(predicted: &[f64], errors: &[f64], level: f64) -> Result<Self, StatsError> {
        let edges = quantile_edges(&sorted(predicted), 10);
        let places: Vec<usize> = predicted
            .iter()
            .map(|&value| bin_of(&edges, value))
            .collect();
        let mut rows = vec![Vec::new(); edges.len() + 1];
        for (row, &place) in places.iter().enumerate() {
            rows[place].push(row);
        }
        let groups: Vec<Vec<f64>> = rows
            .iter()
            .map(|rows| rows.iter().map(|&row| errors[row]).collect())
            .collect();
        let ratio = match (groups.first(), groups.last()) {
            (Some(lowest), Some(highest))
                if groups.len() > 1 && lowest.len().min(highest.len()) >= MIN_SPREAD_ROWS =>
            {
                spread_ratio(highest, lowest, level)?
            }
            _ => None,
        };
        Ok(Self {
            p_value: equal_spread_p_value(&groups),
            ratio,
            edges,
            places,
            rows,
            groups,
        })
    }
}

/// How many times as wide the first errors lie as the second, with a normal interval on the
/// logarithm; `None` if either side has no spread.
///
/// The variance of the logarithm of a standard deviation is `(κ − 1) / 4n` for any distribution
/// with a kurtosis κ.
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
pub fn spread_ratio(
    first: &[f64],
    second: &[f64],
    level: f64,
) -> Result<Option<Estimated>, StatsError> {
    let z = two_sided_quantile(level)?;
    let side = |errors: &[f64]| {
        let (center, deviation) = (mean(errors)?, standard_deviation(errors)?);
        if !(deviation > 0.0 && deviation.is_finite()) {
            return None;
        }
        let powers = Powers::of(errors, center, deviation);
        let kurtosis = standardized(powers.n(), powers.total)[1] + 3.0;
        Some((deviation.ln(), (kurtosis - 1.0) / (4.0 * powers.n())))
    };
    Ok(side(first)
        .zip(side(second))
        .map(|((one, u), (two, v))| Estimated {
            value: (one - two).exp(),
            bounds: Some(Bounds {
                low: (one - two - z * (u + v).sqrt()).exp(),
                high: (one - two + z * (u + v).sqrt()).exp(),
            }),
        }))
}

/// Whether groups differ in spread: the test of Brown and Forsythe, `scipy.stats.levene(center =
/// "median")`; `None` with fewer than two groups or no spread.
pub fn equal_spread_p_value(groups: &[Vec<f64>]) -> Option<f64> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    let n: f64 = groups.iter().map(|group| group.len() as f64).sum();
    let k = groups.len() as f64;
    let distances: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| {
            let center = middle((*group).clone()).unwrap_or(0.0);
            group.iter().map(|error| (error - center).abs()).collect()
        })
        .collect();
    let means: Vec<f64> = distances.iter().filter_map(|own| mean(own)).collect();
    let overall = means
        .iter()
        .zip(&groups)
        .map(|(mean, group)| mean * group.len() as f64)
        .sum::<f64>()
        / n;
    let (mut between, mut within) = (0.0, 0.0);
    for (own, mean) in distances.iter().zip(&means) {
        between += own.len() as f64 * (mean - overall).powi(2);
        within += own.iter().map(|d| (d - mean).powi(2)).sum::<f64>();
    }
    let (down, up) = (n - k, k - 1.0);
    if !(within > 0.0 && within.is_finite() && down > 0.0 && up > 0.0) {
        return None;
    }
    let f = between / within * down / up;
    Some(beta_cdf(down / (down + up * f), down / 2.0, up / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_or_no_errors_have_no_shape() {
        assert_eq!(shape(&[], 0.95), Ok(None));
        assert_eq!(shape(&[1.0], 0.95), Ok(None));
        assert_eq!(shape(&[2.0; 50], 0.95), Ok(None));
        assert!(shape(&[1.0, 2.0], 1.0).is_err());
        assert_eq!(spread_ratio(&[1.0, 1.0], &[1.0, 2.0], 0.95), Ok(None));
        assert_eq!(equal_spread_p_value(&[vec![1.0, 2.0]]), None);
    }

    #[test]
    fn huge_and_tiny_errors_neither_overflow_nor_vanish() {
        let errors: Vec<f64> = (0..200).map(|at| f64::from(at % 7)).collect();
        let plain = shape(&errors, 0.95).unwrap().unwrap();
        for scale in [1e300, 1e150, 1e-150] {
            let scaled: Vec<f64> = errors.iter().map(|error| error * scale).collect();
            let found = shape(&scaled, 0.95).unwrap().unwrap();
            assert!((found.rmse / scale / plain.rmse - 1.0).abs() < 1e-9);
            assert!((found.bias.value - plain.bias.value).abs() < 1e-9);
        }
        assert!(shape(&[f64::INFINITY, 1.0, 2.0], 0.95).unwrap().is_none());
    }

    #[test]
    fn the_bias_is_the_mean_over_the_root_mean_square() {
        let errors = [3.0, -1.0, 2.0, 0.0];
        let found = shape(&errors, 0.95).unwrap().unwrap();
        assert!((found.rmse - 3.5_f64.sqrt()).abs() < 1e-12);
        assert!((found.bias.value - 1.0 / 3.5_f64.sqrt()).abs() < 1e-12);
    }
}
