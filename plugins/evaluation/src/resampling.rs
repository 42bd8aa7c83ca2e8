//! Intervals of any figure that can be computed with a weight per row.
//!
//! In: figures as a function of weights, strata, a seed. Out: bounds per figure.
//!
//! Up to [`MAX_BOOTSTRAP_ROWS`] rows the interval is the bias-corrected and accelerated bootstrap,
//! drawn within strata so that class sizes stay as they are; its acceleration comes from leaving
//! out groups of rows. Beyond, where figures are normal to all digits shown, it is the normal
//! interval around the figure with the standard error of the grouped jackknife.

use interlock_stats::StatsError;
use interlock_stats::bootstrap::bca;
use interlock_stats::proportion::{Bounds, two_sided_quantile};
use interlock_stats::rng::Rng;

/// Rows up to which resamples are drawn: 1,000 of 100,000 rows take about a second.
pub const MAX_BOOTSTRAP_ROWS: usize = 100_000;

/// Groups that are left out in turn.
const N_GROUPS: usize = 100;

/// How intervals are made.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seed of the resamples.
    pub seed: u64,
    /// How many.
    pub n_resamples: usize,
    /// Confidence of the intervals.
    pub level: f64,
}

impl Plan {
    /// How the intervals of so many rows are made, for people.
    pub fn method(&self, n_rows: usize) -> String {
        if n_rows > MAX_BOOTSTRAP_ROWS {
            format!("normal, grouped jackknife with {N_GROUPS} groups")
        } else {
            format!("stratified BCa bootstrap, {} resamples", self.n_resamples)
        }
    }
}

/// The figures on all rows, and an interval for each that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// The figures.
    pub values: Vec<f64>,
    /// Their intervals.
    pub bounds: Vec<Option<Bounds>>,
    /// The figures of each resample; empty if none were drawn.
    pub replicates: Vec<Vec<f64>>,
}

/// Computes figures with their intervals. `strata` holds a small position per row.
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
pub fn estimates(
    plan: &Plan,
    strata: &[usize],
    figures: impl Fn(&[u32]) -> Vec<f64>,
) -> Result<Estimates, StatsError> {
    let n_rows = strata.len();
    let z = two_sided_quantile(plan.level)?;
    let values = figures(&vec![1; n_rows]);
    let left_out = jackknife(n_rows, &figures);
    let replicates = if n_rows > MAX_BOOTSTRAP_ROWS {
        Vec::new()
    } else {
        resampled(plan, strata, &figures)
    };
    let bounds = (0..values.len())
        .map(|at| {
            let value = values[at];
            let jackknife = column(&left_out, at);
            if !value.is_finite() {
                return None;
            }
            if replicates.is_empty() {
                let error = jackknife_error(&jackknife)?;
                return Some(Bounds {
                    low: value - z * error,
                    high: value + z * error,
                });
            }
            let drawn = column(&replicates, at);
            bca(&drawn, value, &jackknife, plan.level).ok()
        })
        .collect();
    Ok(Estimates {
        values,
        bounds,
        replicates,
    })
}

/// The figures of every resample, drawn within strata.
pub fn resampled(
    plan: &Plan,
    strata: &[usize],
    figures: impl Fn(&[u32]) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let n_strata = strata.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![Vec::new(); n_strata];
    for (row, &stratum) in strata.iter().enumerate() {
        members[stratum].push(row);
    }
    let mut weights = vec![0_u32; strata.len()];
    (0..plan.n_resamples as u64)
        .map(|replicate| {
            let mut rng = Rng::for_stream(plan.seed, replicate);
            weights.fill(0);
            for rows in &members {
                for _ in 0..rows.len() {
                    weights[rows[rng.below(rows.len())]] += 1;
                }
            }
            figures(&weights)
        })
        .collect()
}

/// The figures without every n-th row in turn.
fn jackknife(n_rows: usize, figures: impl Fn(&[u32]) -> Vec<f64>) -> Vec<Vec<f64>> {
    let n_groups = n_rows.min(N_GROUPS);
    let mut weights = vec![1_u32; n_rows];
    (0..n_groups)
        .map(|group| {
            let rows = || (group..n_rows).step_by(n_groups);
            rows().for_each(|row| weights[row] = 0);
            let values = figures(&weights);
            rows().for_each(|row| weights[row] = 1);
            values
        })
        .collect()
}

fn column(table: &[Vec<f64>], at: usize) -> Vec<f64> {
    table
        .iter()
        .map(|row| row[at])
        .filter(|value| value.is_finite())
        .collect()
}

/// Standard error by the jackknife over groups.
fn jackknife_error(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares * (n - 1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use interlock_stats::moments::variance;

    use super::*;

    fn mean_of(values: &[f64]) -> impl Fn(&[u32]) -> Vec<f64> + '_ {
        move |weights| {
            let n: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            let sum: f64 = weights
                .iter()
                .zip(values)
                .map(|(&w, v)| f64::from(w) * v)
                .sum();
            vec![sum / n]
        }
    }

    fn drawn(n: usize) -> Vec<f64> {
        let mut rng = Rng::new(5);
        (0..n).map(|_| rng.normal()).collect()
    }

    #[test]
    fn the_interval_of_a_mean_has_the_known_width_by_either_way() {
        for n in [400, 100_001] {
            let values = drawn(n);
            let plan = Plan {
                seed: 1,
                n_resamples: 4000,
                level: 0.95,
            };
            let found = estimates(&plan, &vec![0; n], mean_of(&values)).unwrap();
            let bounds = found.bounds[0].unwrap();
            let error = (variance(&values).unwrap() / n as f64).sqrt();
            let width = (bounds.high - bounds.low) / (2.0 * 1.959_963_984_540_054 * error);
            // 100 groups know a standard error to about 7 %.
            assert!((width - 1.0).abs() < 0.2, "{n} rows: {width}");
        }
    }

    #[test]
    fn strata_keep_their_size_and_seeds_repeat() {
        let strata = [0, 0, 0, 1, 1];
        let plan = Plan {
            seed: 9,
            n_resamples: 50,
            level: 0.95,
        };
        let sizes = |weights: &[u32]| {
            let of = |range: std::ops::Range<usize>| weights[range].iter().sum::<u32>();
            vec![
                f64::from(of(0..3)),
                f64::from(of(3..5)),
                f64::from(weights[0]),
            ]
        };
        let drawn = resampled(&plan, &strata, sizes);
        assert!(drawn.iter().all(|sizes| sizes[..2] == [3.0, 2.0]));
        assert_eq!(drawn, resampled(&plan, &strata, sizes));
    }
}
