//! Bootstrap intervals: how far a figure would move if the rows were drawn again.
//!
//! In: the number of rows, a seed and a function from row positions to a figure. Out: replicates,
//! and percentile or `BCa` intervals from them.
//!
//! Deterministic: replicate `r` draws from stream `r` of the seed, so replicates may be computed in
//! any order or number without changing each other. Rows are taken to be independent; for rows
//! that come in groups, resample the groups.

use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::StatsError;
use crate::order::{quantile_sorted, sorted};
use crate::proportion::Bounds;
use crate::rng::Rng;

/// Fills `rows` with positions drawn from `0..n` with replacement: replicate `replicate` of `seed`.
///
/// The length of `rows` is the size of the resample, usually `n`.
pub fn resample(seed: u64, replicate: u64, n: usize, rows: &mut [usize]) {
    let mut rng = Rng::for_stream(seed, replicate);
    for row in rows {
        *row = rng.below(n);
    }
}

/// The figure on each of `n_replicates` resamples of `n` rows; a figure that does not exist on a
/// resample is dropped, so fewer may come back.
///
/// Cost: `n_replicates` calls of `statistic`.
pub fn replicates(
    seed: u64,
    n: usize,
    n_replicates: usize,
    mut statistic: impl FnMut(&[usize]) -> Option<f64>,
) -> Vec<f64> {
    let mut rows = vec![0; n];
    (0..n_replicates as u64)
        .filter_map(|replicate| {
            resample(seed, replicate, n, &mut rows);
            statistic(&rows).filter(|value| value.is_finite())
        })
        .collect()
}

/// The figure with each row left out in turn, for [`bca`]; figures that do not exist are dropped.
///
/// Cost: `n` calls of `statistic` on `n − 1` rows each.
pub fn jackknife(n: usize, mut statistic: impl FnMut(&[usize]) -> Option<f64>) -> Vec<f64> {
    let mut rows: Vec<usize> = (1..n).collect();
    let mut values = Vec::with_capacity(n);
    for left_out in 0..n {
        values.extend(statistic(&rows).filter(|value| value.is_finite()));
        // Position `left_out` held row `left_out + 1`; giving it back row `left_out` moves the hole.
        if let Some(slot) = rows.get_mut(left_out) {
            *slot = left_out;
        }
    }
    values
}

/// Percentile interval: the middle `level` of the replicates.
///
/// Simple and range-preserving; too narrow for few rows and for skewed figures, where [`bca`] is
/// better. As `scipy.stats.bootstrap(method="percentile")` given the same replicates.
///
/// # Errors
/// [`StatsError::OutOfRange`] if `level` is not in (0, 1); [`StatsError::TooFew`] for fewer than
/// two replicates.
///
/// Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
pub fn percentile(replicates: &[f64], level: f64) -> Result<Bounds, StatsError> {
    let tail = (1.0 - level) / 2.0;
    bounds_at(&checked(replicates, level)?, tail, 1.0 - tail)
}

/// Bias-corrected and accelerated interval.
///
/// `estimate` is the figure on all rows, `jackknife` the figures with one row left out. Equal to
/// the percentile interval when the replicates are centered on the estimate and the jackknife is
/// symmetric. As `scipy.stats.bootstrap(method="BCa")` given the same replicates.
///
/// # Errors
/// As [`percentile`]; [`StatsError::TooFew`] also for fewer than two jackknife values.
///
/// Source: Efron, "Better bootstrap confidence intervals", 1987, equations 2.3 and 6.6.
pub fn bca(
    replicates: &[f64],
    estimate: f64,
    jackknife: &[f64],
    level: f64,
) -> Result<Bounds, StatsError> {
    let ascending = checked(replicates, level)?;
    if jackknife.len() < 2 {
        return Err(StatsError::TooFew {
            needed: 2,
            found: jackknife.len(),
        });
    }
    if !estimate.is_finite() {
        return Err(StatsError::NotFinite);
    }
    let n = ascending.len() as f64;
    let below = ascending.partition_point(|&value| value < estimate) as f64;
    let not_above = ascending.partition_point(|&value| value <= estimate) as f64;
    let bias = normal_quantile(f64::midpoint(below, not_above) / n);
    if !bias.is_finite() {
        // Every replicate lies on one side: the correction is undefined, the ends are the extremes.
        return bounds_at(&ascending, 0.0, 1.0);
    }
    let acceleration = acceleration(jackknife);
    let corrected = |tail: f64| {
        let shifted = bias + normal_quantile(tail);
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    };
    let tail = (1.0 - level) / 2.0;
    bounds_at(&ascending, corrected(tail), corrected(1.0 - tail))
}

/// How fast the figure's standard error changes with its value; 0 for a constant jackknife.
fn acceleration(jackknife: &[f64]) -> f64 {
    let mean = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let (mut squares, mut cubes) = (0.0_f64, 0.0);
    for value in jackknife {
        let influence = mean - value;
        squares += influence * influence;
        cubes += influence.powi(3);
    }
    if squares > 0.0 {
        cubes / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}

fn checked(replicates: &[f64], level: f64) -> Result<Vec<f64>, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange);
    }
    let ascending = sorted(replicates);
    if ascending.len() < 2 {
        return Err(StatsError::TooFew {
            needed: 2,
            found: ascending.len(),
        });
    }
    Ok(ascending)
}

fn bounds_at(ascending: &[f64], low: f64, high: f64) -> Result<Bounds, StatsError> {
    match (
        quantile_sorted(ascending, low),
        quantile_sorted(ascending, high),
    ) {
        (Some(low), Some(high)) => Ok(Bounds { low, high }),
        (None, _) | (_, None) => Err(StatsError::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jackknife_leaves_out_each_row_once() {
        // Leaving out row r of 0..4 leaves a sum of 6 − r.
        let sums = jackknife(4, |rows| Some(rows.iter().sum::<usize>() as f64));
        assert_eq!(sums, [6.0, 5.0, 4.0, 3.0]);
    }

    #[test]
    fn replicates_do_not_depend_on_how_many_are_drawn() {
        let figure = |rows: &[usize]| Some(rows.iter().sum::<usize>() as f64);
        let few = replicates(9, 20, 5, figure);
        let many = replicates(9, 20, 50, figure);
        assert_eq!(few[..], many[..5]);
        assert_ne!(many[0].to_bits(), many[1].to_bits());
    }

    #[test]
    fn percentile_interval_is_the_middle_of_the_replicates() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let bounds = percentile(&values, 0.9).unwrap();
        // numpy.quantile(range(101), [.05, .95])
        assert!((bounds.low - 5.0).abs() < 1e-9 && (bounds.high - 95.0).abs() < 1e-9);
    }

    #[test]
    fn one_sided_replicates_give_their_extremes() {
        let bounds = bca(&[2.0, 3.0, 4.0], 1.0, &[1.0, 2.0], 0.9).unwrap();
        assert_eq!(
            bounds,
            Bounds {
                low: 2.0,
                high: 4.0
            }
        );
    }

    #[test]
    fn too_little_to_go_by_is_an_error() {
        assert_eq!(
            percentile(&[1.0], 0.95),
            Err(StatsError::TooFew {
                needed: 2,
                found: 1
            })
        );
        assert_eq!(percentile(&[1.0, 2.0], 0.0), Err(StatsError::OutOfRange));
    }

    #[test]
    fn the_mean_of_normals_is_covered_as_often_as_promised() {
        // 400 samples of 40 rows: binomial(400, 0.95) is below 360 with probability 2e-5.
        let mut covered = 0;
        for trial in 0..400_u64 {
            let mut rng = Rng::for_stream(2024, trial);
            let values: Vec<f64> = (0..40).map(|_| rng.normal()).collect();
            let mean = |rows: &[usize]| {
                Some(rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64)
            };
            let drawn = replicates(trial, 40, 200, mean);
            covered += u32::from(percentile(&drawn, 0.95).unwrap().contains(0.0));
        }
        assert!((360..=398).contains(&covered), "{covered}");
    }
}
