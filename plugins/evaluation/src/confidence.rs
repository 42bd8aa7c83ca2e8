//! Whether a model is surer than it should be, or less sure.
//!
//! In: probabilities of all classes, the true class of each row. Out: how sure it is against how
//! often it is right, and the power that would set all probabilities right.
//!
//! This module knows no words.

use interlock_stats::StatsError;
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::proportion::two_sided_quantile;

use crate::figures::Classified;
use crate::reliability::Coefficient;

/// Probabilities below this are taken as this before their logarithm is.
pub const LEAST: f64 = 1e-9;

/// Probabilities that are looked at for the power, at most; beyond, every so many rows.
pub const MAX_ENTRIES: usize = 2_000_000;

/// Newton steps at most; a handful suffices.
const MAX_STEPS: usize = 50;

/// How sure the model is of its most probable class, and how often that is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Mean probability of the most probable class.
    pub sure: f64,
    /// Share of rows of which it is the true one.
    pub right: f64,
    /// `sure − right` with Student's interval: above 0 over-confident, below under-confident.
    pub gap: Coefficient,
}

/// Compares both; `None` of fewer than two rows.
pub fn gap(rows: &Classified<'_>, level: f64) -> Option<Gap> {
    let (mut sure, mut right) = (0.0, 0.0);
    let gaps: Vec<f64> = (0..rows.truth.len())
        .map(|row| {
            let (class, p) = most_probable(rows, row);
            let is_right = f64::from(u8::from(class == rows.truth[row]));
            sure += p;
            right += is_right;
            p - is_right
        })
        .collect();
    let n = gaps.len() as f64;
    let (value, bounds) = mean_interval(&gaps, level).ok()?;
    Some(Gap {
        sure: sure / n,
        right: right / n,
        gap: Coefficient {
            value,
            low: bounds.low,
            high: bounds.high,
        },
    })
}

/// The most probable class, the last of two equals and the first of more as the decisions are made.
fn most_probable(rows: &Classified<'_>, row: usize) -> (usize, f64) {
    if rows.n_outputs == 1 {
        let p = rows.probability(row, 1);
        return if p >= 0.5 { (1, p) } else { (0, 1.0 - p) };
    }
    let mut best = (0, rows.probability(row, 0));
    for class in 1..rows.n_classes {
        let p = rows.probability(row, class);
        if p > best.1 {
            best = (class, p);
        }
    }
    best
}

/// The power β for which `pᵝ`, scaled to sum 1, fits the true classes best, with Wald's interval:
/// below 1 the model is over-confident, above 1 under-confident. `1 / β` is the temperature of
/// temperature scaling.
///
/// `None` if no power is best: all probabilities of every row are alike, or the most probable class
/// is always the true one.
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
///
/// Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", 2017.
pub fn power(rows: &Classified<'_>, level: f64) -> Result<Option<Coefficient>, StatsError> {
    let z = two_sided_quantile(level)?;
    let n_classes = rows.n_classes;
    let stride = (rows.truth.len() * n_classes).div_ceil(MAX_ENTRIES).max(1);
    let looked_at = || (0..rows.truth.len()).step_by(stride);
    let logs: Vec<f64> = looked_at()
        .flat_map(|row| {
            (0..n_classes).map(move |class| rows.probability(row, class).max(LEAST).ln())
        })
        .collect();
    let truth: Vec<usize> = looked_at().map(|row| rows.truth[row]).collect();
    // Where all classes are alike the curvature is greatest; at 1 it may vanish for sure models.
    let mut beta = 0.0;
    let mut now = slopes(&logs, &truth, n_classes, beta);
    for _ in 0..MAX_STEPS {
        if !(now.information > 1e-9 && now.information.is_finite()) {
            return Ok(None);
        }
        let step = now.score / now.information;
        if step.abs() < 1e-10 {
            let half = z / now.information.sqrt();
            return Ok(Some(Coefficient {
                value: beta,
                low: beta - half,
                high: beta + half,
            }));
        }
        let mut share = 1.0;
        let mut next = slopes(&logs, &truth, n_classes, beta + step);
        while next.likelihood < now.likelihood - slack(now.likelihood) && share > 1e-4 {
            share /= 2.0;
            next = slopes(&logs, &truth, n_classes, beta + share * step);
        }
        beta += share * step;
        now = next;
        if beta.abs() > 1e3 {
            return Ok(None);
        }
    }
    Ok(None)
}

/// What rounding alone may take from a sum: near the best point no step would seem to help.
fn slack(sum: f64) -> f64 {
    1e-10 * sum.abs()
}

/// Log-likelihood, its first and its negative second derivative.
struct Slopes {
    likelihood: f64,
    score: f64,
    information: f64,
}

fn slopes(logs: &[f64], truth: &[usize], n_classes: usize, beta: f64) -> Slopes {
    let mut all = Slopes {
        likelihood: 0.0,
        score: 0.0,
        information: 0.0,
    };
    for (own, &class) in logs.chunks_exact(n_classes).zip(truth) {
        let most = own.iter().fold(f64::MIN, |most, x| most.max(beta * x));
        let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
        for x in own {
            let weight = (beta * x - most).exp();
            total += weight;
            first += weight * x;
            second += weight * x * x;
        }
        let mean = first / total;
        all.likelihood += beta * own[class] - most - total.ln();
        all.score += own[class] - mean;
        all.information += (second / total - mean * mean).max(0.0);
    }
    all
}

#[cfg(test)]
mod tests {
    use interlock_stats::rng::Rng;

    use super::*;

    /// Rows of three classes whose given probabilities are the right ones to the power `sharpness`.
    fn drawn(n: usize, sharpness: f64) -> (Vec<usize>, Vec<f64>) {
        let mut rng = Rng::new(8);
        let (mut truth, mut given) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let margins: [f64; 3] = std::array::from_fn(|_| 1.5 * rng.normal());
            let scaled = |power: f64| {
                let parts = margins.map(|margin| (power * margin).exp());
                let total: f64 = parts.iter().sum();
                parts.map(|part| part / total)
            };
            let right = scaled(1.0);
            let draw = rng.uniform();
            truth.push(usize::from(draw > right[0]) + usize::from(draw > right[0] + right[1]));
            given.extend(scaled(sharpness));
        }
        (truth, given)
    }

    fn rows<'r>(truth: &'r [usize], given: &'r [f64]) -> Classified<'r> {
        Classified {
            n_classes: 3,
            truth,
            decided: truth,
            probabilities: given,
            n_outputs: 3,
        }
    }

    #[test]
    fn the_power_turns_the_planted_sharpness_over() {
        for sharpness in [0.5, 1.0, 2.0] {
            let (truth, given) = drawn(4000, sharpness);
            let found = power(&rows(&truth, &given), 0.95).unwrap().unwrap();
            let right = 1.0 / sharpness;
            assert!(
                found.low < right && right < found.high,
                "{sharpness}: {found:?}"
            );
            assert!(found.high - found.low < 0.2 * right, "{found:?}");
            let gap = gap(&rows(&truth, &given), 0.95).unwrap().gap;
            assert_eq!(gap.low > 0.0, sharpness > 1.0, "{gap:?}");
            assert_eq!(gap.high < 0.0, sharpness < 1.0, "{gap:?}");
        }
    }

    #[test]
    fn no_power_is_best_without_difference_or_without_mistake() {
        let thirds = vec![1.0 / 3.0; 30];
        let truth: Vec<usize> = (0..10).map(|row| row % 3).collect();
        assert_eq!(power(&rows(&truth, &thirds), 0.95), Ok(None));
        let sure: Vec<f64> = truth
            .iter()
            .flat_map(|&own| (0..3).map(move |class| if class == own { 0.8 } else { 0.1 }))
            .collect();
        assert_eq!(power(&rows(&truth, &sure), 0.95), Ok(None));
        assert_eq!(power(&rows(&[], &[]), 0.95), Ok(None));
        assert!(gap(&rows(&[], &[]), 0.95).is_none());
        // Zeros and ones are no trouble, also where they are wrong.
        let wrong: Vec<f64> = truth
            .iter()
            .map(|&own| if own == 2 { 0 } else { own })
            .flat_map(|called| (0..3).map(move |class| f64::from(u8::from(class == called))))
            .collect();
        let found = power(&rows(&truth, &wrong), 0.95).unwrap().unwrap();
        assert!(found.value < 0.2, "{found:?}");
    }
}
