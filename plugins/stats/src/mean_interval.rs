//! A mean and how sure it is.
//!
//! In: values of independent rows. Out: their mean with Student's interval. Knows no columns.

use crate::distribution::student_quantile;
use crate::error::StatsError;
use crate::moments::{mean, standard_deviation};
use crate::proportion::Bounds;

/// The mean of values of independent rows, with a Student interval.
///
/// # Errors
/// For fewer than two values, or a level outside (0, 1).
pub fn mean_interval(values: &[f64], level: f64) -> Result<(f64, Bounds), StatsError> {
    let (Some(mean), Some(std)) = (mean(values), standard_deviation(values)) else {
        return Err(StatsError::TooFew {
            needed: 2,
            found: values.len(),
        });
    };
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange);
    }
    let n = values.len() as f64;
    let half = student_quantile(f64::midpoint(1.0, level), n - 1.0) * std / n.sqrt();
    Ok((
        mean,
        Bounds {
            low: mean - half,
            high: mean + half,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // scipy 1.16: x = [1.5, 2, 2, 7, -3.25]
        // scipy.stats.t.interval(0.95, 4, loc=np.mean(x), scale=scipy.stats.sem(x))
        let (mean, bounds) = mean_interval(&[1.5, 2.0, 2.0, 7.0, -3.25], 0.95).unwrap();
        assert!((mean - 1.85).abs() < 1e-12);
        assert!((bounds.low - EXPECTED.0).abs() < 1e-9, "{bounds:?}");
        assert!((bounds.high - EXPECTED.1).abs() < 1e-9, "{bounds:?}");
        assert!(mean_interval(&[1.0], 0.95).is_err());
        assert!(mean_interval(&[1.0, 2.0], 1.0).is_err());
    }

    const EXPECTED: (f64, f64) = (-2.656_915_348_376_962, 6.356_915_348_376_962);
}
