//! How far probabilities are from the shares that come true.
//!
//! In: probabilities and whether each came true. Out: bins, calibration errors, what chance alone
//! gives, the parts of the Brier score, the line of recalibration.
//!
//! This module knows no classes and no words; rows are positions in the slices.

use interlock_stats::StatsError;
use interlock_stats::distribution::chi_square_sf;
use interlock_stats::order::{quantile_sorted, sorted};
use interlock_stats::proportion::two_sided_quantile;
use interlock_stats::rng::Rng;

/// Probabilities of exactly 0 or 1 are moved inside by this much before their logit is taken.
pub const LOGIT_MARGIN: f64 = 1e-6;

/// Rows with alike probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// Positions, ascending.
    pub rows: Vec<usize>,
    /// Mean probability.
    pub predicted: f64,
    /// How many came true.
    pub n_true: u64,
    /// Sum of p (1 − p): the variance of `n_true` if the probabilities are right.
    pub variance: f64,
}

impl Bin {
    /// Share that came true.
    pub fn observed(&self) -> f64 {
        self.n_true as f64 / self.rows.len() as f64
    }
}

/// Bins between `edges`, empty ones left out; a probability on an edge belongs below it.
fn bins(probabilities: &[f64], is_true: &[bool], edges: &[f64]) -> Vec<Bin> {
    let mut rows = vec![Vec::new(); edges.len() + 1];
    for (row, p) in probabilities.iter().enumerate() {
        rows[edges.partition_point(|edge| edge < p)].push(row);
    }
    rows.into_iter()
        .filter(|rows| !rows.is_empty())
        .map(|rows| {
            let own = || rows.iter().map(|&row| probabilities[row]);
            Bin {
                predicted: own().sum::<f64>() / rows.len() as f64,
                n_true: rows.iter().filter(|&&row| is_true[row]).count() as u64,
                variance: own().map(|p| p * (1.0 - p)).sum(),
                rows,
            }
        })
        .collect()
}

/// Bins of equal width on [0, 1]; `sklearn.calibration.calibration_curve(strategy="uniform")`.
pub fn equal_width(probabilities: &[f64], is_true: &[bool], n_bins: usize) -> Vec<Bin> {
    let edges: Vec<f64> = (1..n_bins).map(|at| at as f64 / n_bins as f64).collect();
    bins(probabilities, is_true, &edges)
}

/// Bins of equally many rows, ties together; `calibration_curve(strategy="quantile")`.
pub fn equal_mass(probabilities: &[f64], is_true: &[bool], n_bins: usize) -> Vec<Bin> {
    let ascending = sorted(probabilities);
    let edges: Vec<f64> = (1..n_bins)
        .filter_map(|at| quantile_sorted(&ascending, at as f64 / n_bins as f64))
        .collect();
    bins(probabilities, is_true, &edges)
}

fn total(bins: &[Bin]) -> f64 {
    bins.iter().map(|bin| bin.rows.len() as f64).sum()
}

/// Expected calibration error: mean distance between probability and share, weighted by rows.
pub fn expected_error(bins: &[Bin]) -> f64 {
    let sum: f64 = bins
        .iter()
        .map(|bin| bin.rows.len() as f64 * (bin.observed() - bin.predicted).abs())
        .sum();
    sum / total(bins)
}

/// Largest distance between probability and share.
pub fn greatest_error(bins: &[Bin]) -> f64 {
    bins.iter()
        .map(|bin| (bin.observed() - bin.predicted).abs())
        .fold(0.0, f64::max)
}

/// Root of the mean squared distance, less what chance adds to it, at least 0. Bins of one row say
/// nothing.
///
/// Source: Kumar, Liang, Ma, "Verified uncertainty calibration", 2019, definition 4.1.
pub fn debiased_error(bins: &[Bin]) -> f64 {
    let sum: f64 = bins
        .iter()
        .filter(|bin| bin.rows.len() > 1)
        .map(|bin| {
            let (n, share) = (bin.rows.len() as f64, bin.observed());
            n * ((share - bin.predicted).powi(2) - share * (1.0 - share) / (n - 1.0))
        })
        .sum();
    (sum / total(bins)).max(0.0).sqrt()
}

/// What the expected error is if the probabilities are right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// Mean.
    pub mean: f64,
    /// 95 % of draws lie below.
    pub high: f64,
    /// Share of draws at or above the observed error.
    pub p_value: f64,
}

/// Draws what comes true in each bin, given the probabilities; counts are taken as normal.
///
/// Source: Bröcker, Smith, "Increasing the reliability of reliability diagrams", 2007.
pub fn by_chance(bins: &[Bin], seed: u64) -> Chance {
    const N_DRAWS: u32 = 2000;
    let mut rng = Rng::for_stream(seed, 3);
    let (observed, n) = (expected_error(bins), total(bins));
    let mut draws: Vec<f64> = (0..N_DRAWS)
        .map(|_| {
            let off = bins
                .iter()
                .map(|bin| rng.normal().abs() * bin.variance.sqrt());
            off.sum::<f64>() / n
        })
        .collect();
    draws.sort_unstable_by(f64::total_cmp);
    let n_below = draws.partition_point(|&draw| draw < observed);
    let n_draws = f64::from(N_DRAWS);
    Chance {
        mean: draws.iter().sum::<f64>() / n_draws,
        high: quantile_sorted(&draws, 0.95).unwrap_or(0.0),
        p_value: (1.0 + (draws.len() - n_below) as f64) / (1.0 + n_draws),
    }
}

/// The parts of the Brier score of binned probabilities: `reliability − resolution + uncertainty`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrierParts {
    /// Mean squared distance of bins from the diagonal; smaller is better.
    pub reliability: f64,
    /// How far the bins' shares lie apart; larger is better.
    pub resolution: f64,
    /// Variance of what comes true.
    pub uncertainty: f64,
}

/// Source: Murphy, "A new vector partition of the probability score", 1973.
pub fn brier_parts(bins: &[Bin]) -> BrierParts {
    let n = total(bins);
    let overall = bins.iter().map(|bin| bin.n_true as f64).sum::<f64>() / n;
    let mean = |of: &dyn Fn(&Bin) -> f64| {
        bins.iter()
            .map(|bin| bin.rows.len() as f64 * of(bin))
            .sum::<f64>()
            / n
    };
    BrierParts {
        reliability: mean(&|bin| (bin.predicted - bin.observed()).powi(2)),
        resolution: mean(&|bin| (bin.observed() - overall).powi(2)),
        uncertainty: overall * (1.0 - overall),
    }
}

/// A coefficient with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The line that would set the log-odds right: `logit P = intercept + slope · logit p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recalibration {
    /// 1 if right, below if over-confident, above if under-confident.
    pub slope: Coefficient,
    /// 0 if right at a slope of 1: below if probabilities are too high on the whole.
    pub intercept: Coefficient,
    /// Likelihood ratio test of slope 1 and intercept 0 together.
    pub p_value: f64,
}

/// Cox's recalibration; `None` if one truth is absent, all probabilities are equal, or they separate
/// the truths, so that no line is best.
///
/// # Errors
/// [`StatsError::OutOfRange`] if the level is not in (0, 1).
///
/// Source: Cox, "Two further applications of a model for binary regression", Biometrika 1958. The
/// intercept is that of calibration in the large: fitted with the slope held at 1.
pub fn recalibrate(
    probabilities: &[f64],
    is_true: &[bool],
    level: f64,
) -> Result<Option<Recalibration>, StatsError> {
    let z = two_sided_quantile(level)?;
    let logits: Vec<f64> = probabilities
        .iter()
        .map(|p| {
            let p = p.clamp(LOGIT_MARGIN, 1.0 - LOGIT_MARGIN);
            (p / (1.0 - p)).ln()
        })
        .collect();
    let both = fit(&logits, is_true, true);
    let shift = fit(&logits, is_true, false);
    Ok(both.zip(shift).map(|(both, shift)| {
        let around = |value: f64, variance: f64| Coefficient {
            value,
            low: value - z * variance.sqrt(),
            high: value + z * variance.sqrt(),
        };
        let plain = loss(&logits, is_true, (0.0, 1.0));
        let best = loss(&logits, is_true, (both.intercept, both.slope));
        Recalibration {
            slope: around(both.slope, both.slope_variance),
            intercept: around(shift.intercept, shift.intercept_variance),
            p_value: chi_square_sf((2.0 * (plain - best)).max(0.0), 2.0),
        }
    }))
}

struct Fit {
    intercept: f64,
    slope: f64,
    intercept_variance: f64,
    slope_variance: f64,
}

/// Newton's method from the right line; the slope is held at 1 unless `is_free`.
fn fit(logits: &[f64], is_true: &[bool], is_free: bool) -> Option<Fit> {
    const MAX_STEPS: usize = 100;
    let (mut a, mut b) = (0.0, 1.0);
    let mut least = loss(logits, is_true, (a, b));
    for _ in 0..MAX_STEPS {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, &y) in logits.iter().zip(is_true) {
            let p = 1.0 / (1.0 + (-(a + b * x)).exp());
            let (residual, weight) = (f64::from(u8::from(y)) - p, p * (1.0 - p));
            ga += residual;
            gb += residual * x;
            haa += weight;
            hab += weight * x;
            hbb += weight * x * x;
        }
        let determinant = haa * hbb - hab * hab;
        if !(haa > 1e-9 && (!is_free || determinant > 1e-9 * haa * hbb)) {
            return None;
        }
        let (da, db) = if is_free {
            (
                (hbb * ga - hab * gb) / determinant,
                (haa * gb - hab * ga) / determinant,
            )
        } else {
            (ga / haa, 0.0)
        };
        if da.abs() + db.abs() < 1e-11 {
            return Some(Fit {
                intercept: a,
                slope: b,
                intercept_variance: if is_free {
                    hbb / determinant
                } else {
                    1.0 / haa
                },
                slope_variance: if is_free { haa / determinant } else { 0.0 },
            });
        }
        let mut share = 1.0;
        let mut next = loss(logits, is_true, (a + da, b + db));
        while next > least && share > 1e-4 {
            share /= 2.0;
            next = loss(logits, is_true, (a + share * da, b + share * db));
        }
        (a, b, least) = (a + share * da, b + share * db, next);
        if a.abs() > 1e3 || b.abs() > 1e3 {
            return None;
        }
    }
    None
}

fn loss(logits: &[f64], is_true: &[bool], (a, b): (f64, f64)) -> f64 {
    logits
        .iter()
        .zip(is_true)
        .map(|(x, &y)| {
            let margin = if y { -(a + b * x) } else { a + b * x };
            margin.max(0.0) + (-margin.abs()).exp().ln_1p()
        })
        .sum()
}
