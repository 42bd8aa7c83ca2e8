//! Tables of counts: do two ways of sorting rows depend on each other?
//!
//! In: counts, row-major (`counts[row * n_columns + column]`). Out: Pearson's chi-square test and
//! Cramér's V.
//!
//! Rows and columns that hold nothing are dropped first: they carry no degrees of freedom.

use crate::distribution::chi_square_sf;
use crate::error::StatsError;

/// Expected counts below this make the chi-square approximation doubtful (Cochran, 1954).
pub const SMALL_EXPECTED: f64 = 5.0;

/// Share of cells that may have a small expected count before the p-value is called unreliable.
const MAX_SMALL_SHARE: f64 = 0.2;

/// What the chi-square test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquareTest {
    /// Pearson's statistic `Σ (observed − expected)² / expected`, at least 0.
    pub statistic: f64,
    /// `(rows − 1)(columns − 1)` over rows and columns that hold something.
    pub degrees_of_freedom: f64,
    /// Probability of a statistic at least this large without dependence; 1 without degrees of
    /// freedom.
    pub p_value: f64,
    /// Cochran's rule: at most a fifth of the cells expect fewer than [`SMALL_EXPECTED`] rows and
    /// none expects fewer than one. If not, pool categories before trusting the p-value.
    pub is_reliable: bool,
    /// Bias-corrected Cramér's V in [0, 1]: 0 no dependence, 1 one determines the other.
    pub cramers_v: f64,
    /// Rows counted.
    pub n: u64,
}

/// Pearson's chi-square test of independence, without continuity correction.
///
/// As `scipy.stats.chi2_contingency(table, correction=False)` after dropping empty rows and
/// columns. Also the test of homogeneity: one row of counts per sample. Cramér's V follows Bergsma,
/// "A bias-correction for Cramér's V and Tschuprow's T", 2013.
///
/// # Errors
/// [`StatsError::LengthMismatch`] if `counts` is not a whole number of rows of `n_columns`;
/// [`StatsError::Empty`] if nothing is counted.
///
/// # Example
/// ```
/// let test = interlock_stats::contingency::chi_square(&[10, 20, 30, 6, 9, 17], 3)?;
/// assert!((test.p_value - 0.8730).abs() < 1e-4 && test.degrees_of_freedom == 2.0);
/// # Ok::<(), interlock_stats::StatsError>(())
/// ```
pub fn chi_square(counts: &[u64], n_columns: usize) -> Result<ChiSquareTest, StatsError> {
    if n_columns == 0 || !counts.len().is_multiple_of(n_columns) {
        return Err(StatsError::LengthMismatch {
            left: counts.len(),
            right: n_columns,
        });
    }
    let row_totals: Vec<u64> = counts
        .chunks(n_columns)
        .map(|row| row.iter().sum())
        .collect();
    let column_totals: Vec<u64> = (0..n_columns)
        .map(|column| counts.iter().skip(column).step_by(n_columns).sum())
        .collect();
    let n: u64 = row_totals.iter().sum();
    if n == 0 {
        return Err(StatsError::Empty);
    }
    let n_rows_used = row_totals.iter().filter(|&&total| total > 0).count();
    let n_columns_used = column_totals.iter().filter(|&&total| total > 0).count();
    let (mut statistic, mut n_small, mut has_tiny) = (0.0, 0_usize, false);
    for (row, &row_total) in counts.chunks(n_columns).zip(&row_totals) {
        for (&observed, &column_total) in row.iter().zip(&column_totals) {
            if row_total == 0 || column_total == 0 {
                continue;
            }
            let expected = row_total as f64 * (column_total as f64 / n as f64);
            statistic += (observed as f64 - expected).powi(2) / expected;
            n_small += usize::from(expected < SMALL_EXPECTED);
            has_tiny |= expected < 1.0;
        }
    }
    let (r, c) = (n_rows_used as f64, n_columns_used as f64);
    let degrees_of_freedom = (r - 1.0) * (c - 1.0);
    let p_value = if degrees_of_freedom > 0.0 {
        chi_square_sf(statistic, degrees_of_freedom)
    } else {
        1.0
    };
    Ok(ChiSquareTest {
        statistic,
        degrees_of_freedom,
        p_value,
        is_reliable: !has_tiny && n_small as f64 <= MAX_SMALL_SHARE * r * c,
        cramers_v: cramers_v(statistic, n as f64, r, c),
        n,
    })
}

/// Bergsma's corrected V for a table of `r` by `c` cells in use; 0 where nothing can depend.
fn cramers_v(statistic: f64, n: f64, r: f64, c: f64) -> f64 {
    if n < 2.0 {
        return 0.0;
    }
    let phi = (statistic / n - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
    let corrected = |k: f64| k - (k - 1.0) * (k - 1.0) / (n - 1.0);
    let smaller = corrected(r).min(corrected(c)) - 1.0;
    if smaller > 0.0 {
        (phi / smaller).sqrt().min(1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_rows_and_columns_carry_nothing() {
        let full = chi_square(&[10, 20, 30, 15], 2).unwrap();
        let padded = chi_square(&[10, 0, 20, 0, 0, 0, 30, 0, 15], 3).unwrap();
        assert!((full.statistic - padded.statistic).abs() < 1e-12);
        assert!((full.degrees_of_freedom - padded.degrees_of_freedom).abs() < 1e-12);
        assert!((full.cramers_v - padded.cramers_v).abs() < 1e-12);
    }

    #[test]
    fn one_category_cannot_depend_on_anything() {
        let test = chi_square(&[7, 9], 1).unwrap();
        assert!(test.p_value >= 1.0 && test.cramers_v <= 0.0);
    }

    #[test]
    fn a_diagonal_table_is_full_dependence() {
        let test = chi_square(&[5000, 0, 0, 5000], 2).unwrap();
        assert!(test.cramers_v > 0.999, "{test:?}");
    }

    #[test]
    fn small_expected_counts_are_reported() {
        assert!(!chi_square(&[1, 3, 2, 4], 2).unwrap().is_reliable);
        assert!(chi_square(&[20, 30, 25, 40], 2).unwrap().is_reliable);
    }

    #[test]
    fn a_ragged_or_empty_table_is_an_error() {
        assert!(matches!(
            chi_square(&[1, 2, 3], 2),
            Err(StatsError::LengthMismatch { .. })
        ));
        assert_eq!(chi_square(&[0, 0], 2), Err(StatsError::Empty));
        assert!(chi_square(&[], 0).is_err());
    }
}
