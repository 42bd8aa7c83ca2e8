//! Tables of made-up rows.
//!
//! In: a stream of random numbers. Out: columns and tables.

use interlock_plugin_api::test_kit::{TestColumn, TestTable};
use interlock_stats::rng::Rng;

/// A column of numbers, drawn row by row.
pub(crate) fn column(name: &str, n: usize, mut draw: impl FnMut(usize) -> f64) -> TestColumn {
    TestColumn::floats(name, (0..n).map(|row| Some(draw(row))).collect())
}

/// A column of up to six categories with these shares.
pub(crate) fn categories(rng: &mut Rng, name: &str, n: usize, shares: &[f64]) -> TestColumn {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let total: f64 = shares.iter().sum();
    let mut draw = || {
        let mut at = rng.uniform() * total;
        let code = shares.iter().position(|share| {
            at -= share;
            at < 0.0
        });
        NAMES.get(code.unwrap_or(0)).copied()
    };
    TestColumn::categories(name, (0..n).map(|_| draw()).collect())
}

/// A number with power-law tails.
pub(crate) fn student(rng: &mut Rng, df: i32) -> f64 {
    let square: f64 = (0..df).map(|_| rng.normal().powi(2)).sum();
    rng.normal() / (square / f64::from(df)).sqrt()
}

/// Columns that share a factor: each correlates with each other by this much.
pub(crate) fn correlated(
    rng: &mut Rng,
    n: usize,
    n_columns: usize,
    correlation: f64,
) -> Vec<Vec<f64>> {
    let factor: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let (own, rest) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    (0..n_columns)
        .map(|_| {
            factor
                .iter()
                .map(|f| own * f + rest * rng.normal())
                .collect()
        })
        .collect()
}

/// A table of these columns.
pub(crate) fn of_columns(columns: &[Vec<f64>]) -> TestTable {
    let mut table = TestTable::default();
    for (at, values) in columns.iter().enumerate() {
        table = table.with(column(&format!("x{at}"), values.len(), |row| values[row]));
    }
    table
}

/// Shapes that occur in one table: normal, lognormal, heavy-tailed, counts, mostly zero, mixed, and
/// three categories.
pub(crate) fn mixed(rng: &mut Rng, n: usize) -> TestTable {
    TestTable::default()
        .with(column("normal", n, |_| rng.normal()))
        .with(column("lognormal", n, |_| rng.normal().exp()))
        .with(column("student", n, |_| student(rng, 3)))
        .with(column("count", n, |_| {
            (-3.0 * (1.0 - rng.uniform()).ln()).floor()
        }))
        .with(column("gain", n, |_| {
            if rng.uniform() < 0.9 {
                0.0
            } else {
                (1.5 * rng.normal()).exp()
            }
        }))
        .with(column("groups", n, |_| {
            rng.normal() + if rng.uniform() < 0.3 { 6.0 } else { 0.0 }
        }))
        .with(categories(rng, "town", n, &[0.5, 0.3, 0.15, 0.05]))
        .with(categories(rng, "plan", n, &[0.98, 0.02]))
        .with(categories(rng, "color", n, &[1.0; 6]))
}
