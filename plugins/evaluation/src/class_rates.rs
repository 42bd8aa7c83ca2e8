//! Rates of each class with intervals: recall, precision, F1, how often it is decided.
//!
//! In: confusion counts, a level of confidence. Out: [`ClassRates`] per class. Rates of nothing have
//! no interval.
//!
//! This module knows no rows and no words.

use interlock_stats::StatsError;
use interlock_stats::proportion::{Bounds, two_sided_quantile, wilson};

use crate::confusion::Confusion;

/// An estimate with its interval, `None` where nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The estimate; 0 of nothing.
    pub value: f64,
    /// Its interval.
    pub bounds: Option<Bounds>,
}

/// The rates of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassRates {
    /// Position.
    pub class: usize,
    /// Rows of it.
    pub n_true: u64,
    /// Rows decided as it.
    pub n_decided: u64,
    /// Rows of it decided as it.
    pub n_right: u64,
    /// Share of its rows decided as it.
    pub recall: Rate,
    /// Share of the rows decided as it that are of it.
    pub precision: Rate,
    /// Harmonic mean of both.
    pub f1: Rate,
    /// How many times as often it is decided as it occurs; 1 is right.
    pub ratio: Rate,
}

/// The rates of every class, each interval at `level`.
///
/// Recall and precision: Wilson. F1 is `2 J / (1 + J)` of the share J of rows that are right among
/// those of the class or decided as it: Wilson's interval of J, transformed. The ratio: see
/// [`paired_ratio`].
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
pub fn class_rates(confusion: &Confusion, level: f64) -> Result<Vec<ClassRates>, StatsError> {
    let z = two_sided_quantile(level)?;
    let share = |part: u64, whole: u64| Rate {
        value: if whole > 0 {
            part as f64 / whole as f64
        } else {
            0.0
        },
        bounds: wilson(part, whole, level).ok(),
    };
    let rates = (0..confusion.n_classes).map(|class| {
        let n_right = whole(confusion.count(class, class));
        let (n_true, n_decided) = (
            whole(confusion.n_true(class)),
            whole(confusion.n_decided(class)),
        );
        let jaccard = share(n_right, n_true + n_decided - n_right);
        let harmonic = |j: f64| 2.0 * j / (1.0 + j);
        ClassRates {
            class,
            n_true,
            n_decided,
            n_right,
            recall: share(n_right, n_true),
            precision: share(n_right, n_decided),
            f1: Rate {
                value: harmonic(jaccard.value),
                bounds: jaccard.bounds.map(|bounds| Bounds {
                    low: harmonic(bounds.low),
                    high: harmonic(bounds.high),
                }),
            },
            ratio: paired_ratio(n_right, n_decided - n_right, n_true - n_right, z),
        }
    });
    Ok(rates.collect())
}

/// The ratio `(both + first) / (both + second)` of two shares of the same rows.
///
/// Wilson's intervals of the two shares among the rows that count in either, drawn in so that
/// together they are as wide as the standard error of the ratio's logarithm asks.
///
/// Source: after Bonett & Price, "Confidence intervals for a ratio of binomial proportions based on
/// paired data", Statistics in Medicine 25, 2006.
pub fn paired_ratio(both: u64, first: u64, second: u64, z: f64) -> Rate {
    let (both, first, second) = (both as f64, first as f64, second as f64);
    let (one, two, n) = (both + first, both + second, both + first + second);
    if two < 1.0 {
        return Rate {
            value: f64::NAN,
            bounds: None,
        };
    }
    let joint = ((first + second + 2.0) / ((one + 1.0) * (two + 1.0))).sqrt();
    let alone = |x: f64| ((1.0 - (x + 1.0) / (n + 2.0)) / (x + 1.0)).sqrt();
    let z = z * joint / (alone(one) + alone(two));
    let ends = |x: f64| {
        let center = 2.0 * x + z * z;
        let half = z * (z * z + 4.0 * x * (1.0 - x / n)).max(0.0).sqrt();
        let scale = 2.0 * (n + z * z);
        (((center - half) / scale).max(0.0), (center + half) / scale)
    };
    let ((low_one, high_one), (low_two, high_two)) = (ends(one), ends(two));
    let high = if low_two > 0.0 {
        high_one / low_two
    } else {
        f64::MAX
    };
    Rate {
        value: one / two,
        bounds: Some(Bounds {
            low: low_one / high_two,
            high,
        }),
    }
}

/// Counts are kept as floats; they are whole and below 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows, never negative"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use interlock_stats::rng::Rng;

    use super::*;

    const Z: f64 = 1.959_963_984_540_054;

    #[test]
    fn ratios_of_paired_shares_are_covered_as_often_as_promised() {
        // Shares of both, first alone, second alone; the rest is neither.
        for (n, shares) in [
            (200, [0.1, 0.05, 0.05]),
            (200, [0.1, 0.02, 0.2]),
            (60, [0.3, 0.1, 0.2]),
            (1000, [0.02, 0.06, 0.02]),
        ] {
            let truth = (shares[0] + shares[1]) / (shares[0] + shares[2]);
            let mut n_covered = 0_u32;
            for trial in 0..2000_u64 {
                let mut rng = Rng::for_stream(3, trial);
                let mut counts = [0_u64; 4];
                for _ in 0..n {
                    let draw = rng.uniform();
                    let cell = usize::from(draw >= shares[0])
                        + usize::from(draw >= shares[0] + shares[1])
                        + usize::from(draw >= shares[0] + shares[1] + shares[2]);
                    counts[cell] += 1;
                }
                let rate = paired_ratio(counts[0], counts[1], counts[2], Z);
                n_covered += u32::from(rate.bounds.is_none_or(|bounds| bounds.contains(truth)));
            }
            // Binomial(2000, 0.95) is below 1870 with probability 0.1 %.
            assert!(n_covered >= 1870, "{n} {shares:?}: {n_covered}");
        }
    }

    #[test]
    fn swapping_the_shares_turns_the_ratio_over() {
        let (forth, back) = (paired_ratio(20, 9, 3, Z), paired_ratio(20, 3, 9, Z));
        let (forth, back) = (forth.bounds.unwrap(), back.bounds.unwrap());
        assert!((forth.low * back.high - 1.0).abs() < 1e-12);
        assert!((forth.high * back.low - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_that_never_occurs_has_no_recall_and_none_decided_no_precision() {
        let mut confusion = Confusion::new(3);
        confusion.counts = vec![5.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let rates = class_rates(&confusion, 0.95).unwrap();
        assert!(rates[1].precision.bounds.is_none() && rates[2].recall.bounds.is_none());
        assert!(rates[2].ratio.value.is_nan());
        let ratio = rates[1].ratio.bounds.unwrap();
        assert!(
            ratio.low <= 0.0 && ratio.high < 1.0 && ratio.high > 0.0,
            "{ratio:?}"
        );
        assert!(class_rates(&confusion, 1.0).is_err());
    }
}
