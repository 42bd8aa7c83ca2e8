//! Intervals of any figure that can be computed with a weight per row.
//!
//! In: figures as a function of weights, the figures with groups of rows left out, strata, a seed.
//! Out: values, and bounds at any level.
//!
//! Up to [`MAX_BOOTSTRAP_ROWS`] rows the interval is the bias-corrected and accelerated bootstrap,
//! drawn within strata so that class sizes stay as they are; its acceleration comes from leaving
//! out groups of rows. Beyond, it is Student's interval around the figure with the standard error
//! of the grouped jackknife: resamples of many rows cost seconds and change nothing that is shown.

use interlock_stats::StatsError;
use interlock_stats::bootstrap::bca;
use interlock_stats::distribution::student_quantile;
use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;

/// Rows up to which resamples are drawn. On either side of it 95 % intervals miss the true value in
/// 4.6 to 6.5 % of 1,000 tables; measured by `examples/characteristics coverage`, see
/// `performance.md`.
pub const MAX_BOOTSTRAP_ROWS: usize = 2000;

/// Groups that are left out in turn at most.
const MAX_GROUPS: usize = 100;

/// Groups that are left out in turn of so many rows: row r belongs to group r modulo their number.
pub fn n_groups(n_rows: usize) -> usize {
    n_rows.min(MAX_GROUPS)
}

/// How intervals are made.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seed of the resamples.
    pub seed: u64,
    /// How many.
    pub n_resamples: usize,
}

impl Plan {
    /// How the intervals of so many rows are made, for people.
    pub fn method(&self, n_rows: usize) -> String {
        if n_rows > MAX_BOOTSTRAP_ROWS {
            format!("Student, grouped jackknife with {MAX_GROUPS} groups")
        } else {
            format!("stratified BCa bootstrap, {} resamples", self.n_resamples)
        }
    }
}

/// Figures on all rows, and what their intervals are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// The figures.
    pub values: Vec<f64>,
    /// The figures of each resample; empty if none were drawn.
    pub replicates: Vec<Vec<f64>>,
    /// The figures without each group of rows in turn.
    left_out: Vec<Vec<f64>>,
}

impl Estimates {
    /// Computes figures and what their intervals are made of. `strata` holds a small position per
    /// row; `left_out` the figures without each of [`n_groups`] in turn.
    pub fn new(
        plan: &Plan,
        strata: &[usize],
        left_out: Vec<Vec<f64>>,
        figures: impl Fn(&[u32]) -> Vec<f64>,
    ) -> Self {
        Self {
            values: figures(&vec![1; strata.len()]),
            replicates: if strata.len() > MAX_BOOTSTRAP_ROWS {
                Vec::new()
            } else {
                resampled(plan, strata, &figures)
            },
            left_out,
        }
    }

    /// The interval of the figure at this position; `None` if the figure does not exist.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] if the level is not in (0, 1).
    pub fn bounds(&self, at: usize, level: f64) -> Result<Option<Bounds>, StatsError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(StatsError::OutOfRange);
        }
        let value = self.values[at];
        if !value.is_finite() {
            return Ok(None);
        }
        if self.replicates.is_empty() {
            return Ok(self.error(at).map(|(error, df)| {
                let half = student_quantile(f64::midpoint(1.0, level), df) * error;
                Bounds {
                    low: value - half,
                    high: value + half,
                }
            }));
        }
        let drawn = column(&self.replicates, at);
        Ok(bca(&drawn, value, &column(&self.left_out, at), level).ok())
    }

    /// The standard error of the figure at this position by the grouped jackknife, and its degrees
    /// of freedom.
    pub fn error(&self, at: usize) -> Option<(f64, f64)> {
        let values = column(&self.left_out, at);
        let n = values.len() as f64;
        if values.len() < 2 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(((squares * (n - 1.0) / n).sqrt(), n - 1.0))
    }
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

/// The figures without each of [`n_groups`] in turn, where no shorter way is known.
pub fn jackknife(n_rows: usize, figures: impl Fn(&[u32]) -> Vec<f64>) -> Vec<Vec<f64>> {
    let n_groups = n_groups(n_rows);
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
        for n in [400, 2001] {
            let values = drawn(n);
            let plan = Plan {
                seed: 1,
                n_resamples: 4000,
            };
            let left_out = jackknife(n, mean_of(&values));
            let found = Estimates::new(&plan, &vec![0; n], left_out, mean_of(&values));
            let bounds = found.bounds(0, 0.95).unwrap().unwrap();
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
