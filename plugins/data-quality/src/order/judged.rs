//! Columns in the order of the file or of time, with what the tests say of each.
//!
//! In: a table and what the project file says. Out: an [`Order`], and a [`Judged`] per column.

use interlock_plugin_api::{CheckError, Column, ColumnKind, Context, MISSING, Table};
use interlock_report::report::failed;
use interlock_report::words::counted;
use interlock_stats::multiplicity::holm;
use interlock_stats::order::ranks;

use crate::coded::Coder;
use crate::order::sequence::{
    Dependence, Sorted, grouped, shares_and_neighbors, sorted_numbers, trend_and_neighbors,
};
use crate::order::spectrum::{MIN_VALUES, Period, strongest_period};
use crate::order::stationarity::{Kpss, kpss};

/// Rows that are tested; of more, stretches of [`STRETCH`] rows are, evenly spread.
pub(crate) const MAX_ROWS: usize = 50_000;

/// Rows of a stretch.
pub(crate) const STRETCH: usize = 2_000;

/// Points in time of a series; of more, neighbors are averaged.
const MAX_POINTS: usize = 32_768;

/// Points of a line in the chart.
const N_POINTS: usize = 60;

/// The values of a column, in the order that is tested.
enum Values {
    Numbers(Vec<f64>),
    Codes(Vec<u32>),
}

/// What one column showed.
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) is_target: bool,
    pub(crate) n: usize,
    pub(crate) sorted: Option<Sorted>,
    /// Along the rows, and between neighbors.
    pub(crate) along: Dependence,
    pub(crate) neighbors: Dependence,
    pub(crate) level: Option<Kpss>,
    pub(crate) period: Option<Period>,
    /// Corrected p-values of the four, 1 where not tested.
    pub(crate) corrected: [f64; 4],
    /// Mean ranks, or shares of the most frequent category, along the rows.
    pub(crate) line: Vec<(f64, f64)>,
}

/// The order of rows.
pub(crate) struct Order {
    /// Rows in order; all rows.
    pub(crate) rows: Vec<usize>,
    /// The time column, if rows are ordered by it, and where another point in time begins.
    pub(crate) time: Option<(String, Vec<usize>)>,
    pub(crate) note: Option<String>,
}

impl Order {
    /// By the time column if there is one of numbers or dates, else that of the file.
    ///
    /// # Errors
    /// If the column's memory does not hold together.
    pub(crate) fn of(ctx: &Context, table: &Table<'_>) -> Result<Self, CheckError> {
        let file = |note: Option<String>| Self {
            rows: (0..table.n_rows()).collect(),
            time: None,
            note,
        };
        let Some(name) = ctx.facts().time.as_deref() else {
            return Ok(file(None));
        };
        let Ok(column) = table.column(name) else {
            return Ok(file(Some(format!(
                "The table has no column '{name}': the order is that of the file."
            ))));
        };
        if !column.is_numeric() {
            return Ok(file(Some(format!(
                "'{name}' is text, not time: the order is that of the file."
            ))));
        }
        let times = column.numbers()?;
        let mut rows: Vec<usize> = (0..times.len())
            .filter(|row| !times[*row].is_nan())
            .collect();
        rows.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        let begins = (0..rows.len())
            .filter(|at| *at == 0 || times[rows[at - 1]] < times[rows[*at]])
            .collect();
        let n_without = times.len() - rows.len();
        Ok(Self {
            rows,
            time: Some((name.to_owned(), begins)),
            note: (n_without > 0)
                .then(|| format!("{} without '{name}' left out.", counted(n_without, "row"))),
        })
    }

    /// Positions in `rows` that are tested.
    fn tested(&self) -> Vec<usize> {
        let n = self.rows.len();
        if n <= MAX_ROWS {
            return (0..n).collect();
        }
        let n_stretches = MAX_ROWS / STRETCH;
        (0..n_stretches)
            .flat_map(|at| {
                let start = at * (n - STRETCH) / (n_stretches - 1);
                start..start + STRETCH
            })
            .collect()
    }
}

/// What the tests say of a column; nothing with fewer than `min_rows` values, or if all are equal.
///
/// # Errors
/// If the column's memory does not hold together.
pub(crate) fn judge(
    column: &Column<'_>,
    order: &Order,
    min_rows: usize,
) -> Result<Option<Judged>, CheckError> {
    let is_number =
        column.is_numeric() && matches!(column.kind(), ColumnKind::Numeric | ColumnKind::Date);
    let values = if is_number {
        let numbers = column.numbers()?;
        Values::Numbers(order.rows.iter().map(|row| numbers[*row]).collect())
    } else {
        let codes = Coder::default().code(column)?;
        Values::Codes(order.rows.iter().map(|row| codes.codes[*row]).collect())
    };
    let tested = order.tested();
    let (sorted, found, n, line) = match &values {
        Values::Numbers(all) => {
            let kept: Vec<f64> = tested
                .iter()
                .map(|at| all[*at])
                .filter(|v| !v.is_nan())
                .collect();
            let found = trend_and_neighbors(&kept);
            (sorted_numbers(all), found, kept.len(), line(&ranks(&kept)))
        }
        Values::Codes(all) => {
            let known = tested.iter().map(|at| all[*at]);
            let kept: Vec<u32> = known.filter(|code| *code != MISSING).collect();
            let found = shares_and_neighbors(&kept);
            let first = most_frequent(&kept);
            let is_first: Vec<f64> = kept
                .iter()
                .map(|c| f64::from(u8::from(*c == first)))
                .collect();
            (grouped(all), found, kept.len(), line(&is_first))
        }
    };
    let Some((along, neighbors)) = found.filter(|_| n >= min_rows) else {
        return Ok(None);
    };
    let series = match (&values, &order.time) {
        (Values::Numbers(all), Some((_, begins))) => series(all, begins),
        _ => Vec::new(),
    };
    let has_series = series.len() >= MIN_VALUES;
    Ok(Some(Judged {
        name: column.name().to_owned(),
        is_target: false,
        n,
        sorted,
        along,
        neighbors,
        level: has_series.then(|| kpss(&series)).flatten(),
        period: has_series.then(|| strongest_period(&series)).flatten(),
        corrected: [1.0; 4],
        line,
    }))
}

fn most_frequent(codes: &[u32]) -> u32 {
    let mut sorted = codes.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    // The first of equally frequent ones.
    runs.rev()
        .max_by_key(|run| run.len())
        .map_or(MISSING, |run| run[0])
}

/// Means of equal stretches, by the share of rows before the middle of each.
fn line(values: &[f64]) -> Vec<(f64, f64)> {
    let n = values.len();
    let n_points = N_POINTS.min(n);
    (0..n_points)
        .map(|at| {
            let part = &values[at * n / n_points..(at + 1) * n / n_points];
            let place = (at as f64 + 0.5) / n_points as f64;
            (place, part.iter().sum::<f64>() / part.len().max(1) as f64)
        })
        .collect()
}

/// The mean of each point in time; of too many, means of as many neighbors as it takes.
fn series(values: &[f64], begins: &[usize]) -> Vec<f64> {
    let mean = |part: &[f64]| {
        let (mut sum, mut n) = (0.0, 0.0);
        for value in part.iter().filter(|value| value.is_finite()) {
            sum += value;
            n += 1.0;
        }
        (n > 0.0).then_some(sum / n)
    };
    let ends = begins.iter().skip(1).copied().chain([values.len()]);
    let means: Vec<f64> = begins
        .iter()
        .zip(ends)
        .filter_map(|(from, to)| mean(&values[*from..to]))
        .collect();
    let n_each = means.len().div_ceil(MAX_POINTS).max(1);
    means.chunks_exact(n_each).filter_map(mean).collect()
}

/// Holm's correction over all tests of all columns. Where columns are sorted there is nothing to test.
///
/// # Errors
/// If a p-value is not between 0 and 1.
pub(crate) fn correct(judged: &mut [Judged]) -> Result<(), CheckError> {
    let raw = |one: &Judged| {
        let level = one.level.map_or(1.0, |level| level.p_value);
        let period = one.period.map_or(1.0, |period| period.p_value);
        [one.along.p_value, one.neighbors.p_value, level, period]
    };
    let p_values: Vec<f64> = judged.iter().flat_map(raw).collect();
    let tested: Vec<bool> = judged
        .iter()
        .flat_map(|one| [true, true, one.level.is_some(), one.period.is_some()])
        .collect();
    let kept: Vec<f64> = p_values
        .iter()
        .zip(&tested)
        .filter(|(_, tested)| **tested)
        .map(|(p, _)| *p)
        .collect();
    let mut corrected = holm(&kept).map_err(failed)?.into_iter();
    for (at, one) in judged.iter_mut().enumerate() {
        for kind in 0..4 {
            if tested[4 * at + kind] {
                one.corrected[kind] = corrected.next().unwrap_or(1.0);
            }
        }
    }
    Ok(())
}
