//! What counts as drift, and what verdict follows.
//!
//! In: comparisons of all columns, limits. Out: a [`Judgement`] per column and one verdict.
//!
//! A column drifted if its test is significant after correction over all columns *and* its effect
//! is large enough: with a million rows everything is significant, with fifty any effect is large.

use interlock_plugin_api::{CheckError, Verdict};
use interlock_stats::multiplicity::{benjamini_hochberg, holm};

use crate::compare::Comparison;
use crate::figures::Figures;
use crate::power::{detectable_ks, worst_level};

/// How p-values are corrected over the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Share of false alarms among the alarms.
    BenjaminiHochberg,
    /// Probability of one false alarm.
    Holm,
    /// Not at all.
    None,
}

impl Correction {
    /// The correction of this name: `benjamini-hochberg` (also `bh`), `holm`, `none`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "benjamini-hochberg" | "bh" => Some(Self::BenjaminiHochberg),
            "holm" => Some(Self::Holm),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// For sentences: `after Holm's correction`.
    pub fn words(self) -> &'static str {
        match self {
            Self::BenjaminiHochberg => "after the correction of Benjamini and Hochberg",
            Self::Holm => "after Holm's correction",
            Self::None => "without correction for the number of columns",
        }
    }

    fn apply(self, p_values: &[f64]) -> Result<Vec<f64>, CheckError> {
        let corrected = match self {
            Self::BenjaminiHochberg => benjamini_hochberg(p_values),
            Self::Holm => holm(p_values),
            Self::None => Ok(p_values.to_vec()),
        };
        corrected.map_err(|error| CheckError::failed(format!("cannot {error}")))
    }
}

/// When a column counts as drifted.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Greatest corrected p-value that is significant.
    pub alpha: f64,
    /// How p-values are corrected.
    pub correction: Correction,
    /// PSI above which a significant column drifted.
    pub warn_psi: f64,
    /// PSI above which a drifted column fails the check alone.
    pub fail_psi: f64,
    /// KS distance above which a significant column drifted.
    pub max_ks: f64,
    /// Change of the missing rate that is accepted.
    pub max_missing_change: f64,
    /// Share of rows in unknown categories that is accepted.
    pub max_new_share: f64,
    /// Share of drifted columns above which the check fails.
    pub fail_share: f64,
}

/// How far a column drifted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drift {
    /// Not beyond chance, or by too little, or not known.
    #[default]
    None,
    /// Significant, and the effect exceeds a limit.
    Drifted,
    /// Drifted, and the PSI fails the check alone.
    Grave,
}

/// What is thought of one column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judgement {
    /// Corrected p-value; `None` with too few values.
    pub p_value: Option<f64>,
    /// Whether it drifted.
    pub drift: Drift,
    /// Corrected p-value of the missing rate.
    pub missing_p_value: Option<f64>,
    /// Significant, and the missing rate changed by more than the limit.
    pub is_missing_drifted: bool,
    /// Share of current values in categories the reference does not have.
    pub new_share: f64,
    /// Whether `new_share` exceeds the limit and what the reference lets expect.
    pub has_many_new: bool,
}

impl Judgement {
    /// Whether it drifted at all.
    pub fn is_drifted(&self) -> bool {
        self.drift != Drift::None
    }
}

/// Judges all columns together; one judgement per comparison, in order. Missing rates are a family
/// of tests of their own.
///
/// # Errors
/// If a p-value is none.
pub fn judge(columns: &[Comparison], limits: &Limits) -> Result<Vec<Judgement>, CheckError> {
    let figures = |c: &Comparison| c.found.as_ref().map(|found| found.figures);
    let tests: Vec<f64> = columns
        .iter()
        .filter_map(|c| figures(c).map(|f| f.p_value()))
        .collect();
    let rates: Vec<f64> = columns
        .iter()
        .filter_map(|c| c.missing.map(|change| change.p_value))
        .collect();
    let mut tests = limits.correction.apply(&tests)?.into_iter();
    let mut rates = limits.correction.apply(&rates)?.into_iter();
    let mut judgements = Vec::with_capacity(columns.len());
    for column in columns {
        let mut judgement = Judgement::default();
        if let Some(found) = &column.found {
            judgement.p_value = tests.next();
            let is_significant = judgement.p_value.is_some_and(|p| p <= limits.alpha);
            judgement.drift = if !is_significant || !has_effect(&found.figures, limits) {
                Drift::None
            } else if psi_beyond_chance(&found.figures) > limits.fail_psi {
                Drift::Grave
            } else {
                Drift::Drifted
            };
            let n_new: u64 = found.sides.new.iter().map(|new| new.n).sum();
            judgement.new_share = n_new as f64 / found.figures.n_current as f64;
            judgement.has_many_new =
                judgement.new_share > limits.max_new_share + found.sides.expected_new;
        }
        if let Some(change) = column.missing {
            judgement.missing_p_value = rates.next();
            let is_significant = judgement.missing_p_value.is_some_and(|p| p <= limits.alpha);
            let size = (change.current - change.reference).abs();
            judgement.is_missing_drifted = is_significant && size > limits.max_missing_change;
        }
        judgements.push(judgement);
    }
    Ok(judgements)
}

/// The PSI without what sampling alone adds to it on average, at least 0.
pub fn psi_beyond_chance(figures: &Figures) -> f64 {
    (figures.psi - figures.psi_by_chance).max(0.0)
}

fn has_effect(figures: &Figures, limits: &Limits) -> bool {
    psi_beyond_chance(figures) > limits.warn_psi || figures.ks.is_some_and(|d| d > limits.max_ks)
}

/// The whole in figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Columns compared, target not counted.
    pub n_compared: usize,
    /// Those that drifted.
    pub n_drifted: usize,
    /// Smallest KS distance the best filled column can tell, at the level left after correction.
    pub detectable: f64,
    /// That level.
    pub level: f64,
    /// The conclusion.
    pub verdict: Verdict,
}

impl Tally {
    /// Share of compared columns that drifted; 0 of none.
    pub fn share(&self) -> f64 {
        self.n_drifted as f64 / self.n_compared.max(1) as f64
    }
}

/// Adds up; `is_broken` if a column is absent or of another type.
pub fn tally(
    columns: &[Comparison],
    judgements: &[Judgement],
    is_broken: bool,
    limits: &Limits,
) -> Tally {
    let pairs = || columns.iter().zip(judgements);
    let n_tests = pairs().filter(|(c, _)| c.found.is_some()).count();
    let inputs = || pairs().filter(|(c, _)| c.found.is_some() && !c.is_target);
    let is_corrected = limits.correction != Correction::None;
    let level = worst_level(limits.alpha, n_tests.max(1), is_corrected);
    let detectable = columns
        .iter()
        .map(|c| detectable_ks(c.n.0, c.n.1, level))
        .fold(1.0, f64::min);
    let mut tally = Tally {
        n_compared: inputs().count(),
        n_drifted: inputs().filter(|(_, j)| j.is_drifted()).count(),
        detectable,
        level,
        verdict: Verdict::Pass,
    };
    let is_warned = |j: &Judgement| j.is_drifted() || j.is_missing_drifted || j.has_many_new;
    tally.verdict = if is_broken
        || judgements.iter().any(|j| j.drift == Drift::Grave)
        || tally.share() > limits.fail_share
    {
        Verdict::Fail
    } else if judgements.iter().any(is_warned) {
        Verdict::Warn
    } else if n_tests == 0 || detectable > 2.0 * limits.max_ks {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    tally
}
