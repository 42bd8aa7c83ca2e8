//! Which cells are missing, and whether that depends on anything.
//!
//! In: truth values, one per row. Out: counts, intervals, p-values.
//!
//! Tests of many columns are corrected together by Holm's method, so that the chance of any false
//! alarm stays below the stated level.

use interlock_stats::StatsError;
use interlock_stats::contingency::chi_square;
use interlock_stats::multiplicity::holm;
use interlock_stats::proportion::{Bounds, newcombe, wilson};
use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};

/// Level of every interval.
pub const LEVEL: f64 = 0.95;

/// Missing cells among rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Missing ones.
    pub n_missing: u64,
    /// All rows.
    pub n_rows: u64,
}

impl Count {
    /// Counts the missing ones.
    pub fn of(is_missing: &[bool]) -> Self {
        Self {
            n_missing: is_missing.iter().filter(|&&missing| missing).count() as u64,
            n_rows: is_missing.len() as u64,
        }
    }

    /// Share of missing rows, 0 to 1; 0 of no rows.
    pub fn rate(self) -> f64 {
        if self.n_rows == 0 {
            0.0
        } else {
            self.n_missing as f64 / self.n_rows as f64
        }
    }

    /// Wilson's interval of the share; nothing of no rows.
    pub fn interval(self) -> Option<Bounds> {
        wilson(self.n_missing, self.n_rows, LEVEL).ok()
    }
}

/// One test of many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// Position of the column that was tested, as the caller counts.
    pub column: usize,
    /// P-value of its own test.
    pub p_value: f64,
    /// P-value corrected for all tests made together.
    pub corrected: f64,
    /// Largest difference of shares between two groups, 0 to 1.
    pub difference: f64,
}

/// A column whose test says nothing, because too few rows are expected in some cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tests {
    /// The tests that could be made, in the order of the columns.
    pub made: Vec<Dependence>,
    /// Columns with too few rows for their test.
    pub too_few: Vec<usize>,
}

impl Tests {
    fn new(raw: Vec<(usize, f64, f64)>, too_few: Vec<usize>) -> Result<Self, StatsError> {
        let p_values: Vec<f64> = raw.iter().map(|(_, p_value, _)| *p_value).collect();
        let corrected = holm(&p_values)?;
        let made = raw
            .into_iter()
            .zip(corrected)
            .map(|((column, p_value, difference), corrected)| Dependence {
                column,
                p_value,
                corrected,
                difference,
            })
            .collect();
        Ok(Self { made, too_few })
    }
}

/// Tests for each column whether two tables miss it equally often: the two-proportion test, as
/// `scipy.stats.chi2_contingency(table, correction=False)`.
///
/// Each pair is `(column, reference, other)`. A column that is complete, or missing throughout, in
/// both tables is not tested.
///
/// # Errors
/// If a count is larger than its rows.
pub fn between_tables(pairs: &[(usize, Count, Count)]) -> Result<Tests, StatsError> {
    let (mut raw, mut too_few) = (Vec::new(), Vec::new());
    for &(column, reference, other) in pairs {
        let present = |count: Count| {
            count
                .n_rows
                .checked_sub(count.n_missing)
                .ok_or(StatsError::OutOfRange)
        };
        let counts = [
            reference.n_missing,
            present(reference)?,
            other.n_missing,
            present(other)?,
        ];
        let varies = counts[0] + counts[2] > 0 && counts[1] + counts[3] > 0;
        if !varies || reference.n_rows == 0 || other.n_rows == 0 {
            continue;
        }
        let test = chi_square(&counts, 2)?;
        if test.is_reliable {
            raw.push((
                column,
                test.p_value,
                (reference.rate() - other.rate()).abs(),
            ));
        } else {
            too_few.push(column);
        }
    }
    Tests::new(raw, too_few)
}

/// Newcombe's interval of the difference `other − reference` of two shares.
///
/// # Errors
/// If a table has no rows.
pub fn difference_interval(reference: Count, other: Count) -> Result<Bounds, StatsError> {
    newcombe(
        (other.n_missing, other.n_rows),
        (reference.n_missing, reference.n_rows),
        LEVEL,
    )
}

/// Tests for each column whether it is missing more often in some classes than in others.
///
/// `classes` holds a class per row, below `n_classes`; rows without class are left out. As
/// `scipy.stats.chi2_contingency(pandas.crosstab(column.isna(), target), correction=False)`.
///
/// # Errors
/// If lengths differ.
pub fn on_classes(
    columns: &[(usize, &[bool])],
    classes: &[Option<usize>],
    n_classes: usize,
) -> Result<Tests, StatsError> {
    let (mut raw, mut too_few) = (Vec::new(), Vec::new());
    for &(column, is_missing) in columns {
        if is_missing.len() != classes.len() {
            return Err(StatsError::LengthMismatch {
                left: is_missing.len(),
                right: classes.len(),
            });
        }
        let mut counts = vec![0_u64; 2 * n_classes];
        for (&missing, class) in is_missing.iter().zip(classes) {
            if let Some(class) = class.filter(|class| *class < n_classes) {
                counts[usize::from(missing) * n_classes + class] += 1;
            }
        }
        let (present, missing) = counts.split_at(n_classes);
        if present.iter().all(|&n| n == 0) || missing.iter().all(|&n| n == 0) {
            continue;
        }
        let rates: Vec<f64> = present
            .iter()
            .zip(missing)
            .filter(|(present, missing)| **present + **missing > 0)
            .map(|(&present, &missing)| missing as f64 / (present + missing) as f64)
            .collect();
        let test = chi_square(&counts, n_classes)?;
        if test.is_reliable && rates.len() > 1 {
            raw.push((column, test.p_value, spread(&rates)));
        } else {
            too_few.push(column);
        }
    }
    Tests::new(raw, too_few)
}

/// Tests for each column whether a numeric target is distributed alike where the column is missing
/// and where it is not: the Kolmogorov–Smirnov test, whose statistic is the `difference`.
///
/// Rows with a missing (NaN) target are left out; fewer than `min_rows` on one side are too few.
///
/// # Errors
/// If the test cannot be computed.
pub fn on_numbers(
    columns: &[(usize, &[bool])],
    target: &[f64],
    min_rows: usize,
) -> Result<Tests, StatsError> {
    let (mut raw, mut too_few) = (Vec::new(), Vec::new());
    for &(column, is_missing) in columns {
        let side = |missing: bool| -> Vec<f64> {
            let rows = is_missing.iter().zip(target);
            rows.filter(|(is_missing, value)| **is_missing == missing && value.is_finite())
                .map(|(_, value)| *value)
                .collect()
        };
        let (mut missing, mut present) = (side(true), side(false));
        if missing.is_empty() || present.is_empty() {
            continue;
        }
        if missing.len().min(present.len()) < min_rows {
            too_few.push(column);
            continue;
        }
        missing.sort_by(f64::total_cmp);
        present.sort_by(f64::total_cmp);
        let test = kolmogorov_smirnov(&present, &missing, PValueMethod::Asymptotic)?;
        raw.push((column, test.p_value, test.statistic));
    }
    Tests::new(raw, too_few)
}

fn spread(rates: &[f64]) -> f64 {
    let greatest = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    greatest - least
}
