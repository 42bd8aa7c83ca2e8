//! Rates of alarms as lines of a Markdown table.
//!
//! In: how many tables of how many alarmed. Out: a line with the rate and its Wilson interval at 95 %.

use interlock_stats::proportion::wilson;

/// Heading of the table.
pub(crate) const HEADING: &str = "| tables | alarms | rate | 95 % interval |\n|---|---|---|---|";

/// Draws `n_tables` tables by their number and counts the alarms.
pub(crate) fn line(name: &str, n_tables: u64, alarms: impl Fn(u64) -> bool) -> String {
    let n_alarms = (0..n_tables).filter(|seed| alarms(*seed)).count() as u64;
    let rate = n_alarms as f64 / n_tables as f64;
    // Never more alarms than tables, and at least one table.
    let (low, high) = wilson(n_alarms, n_tables.max(1), 0.95)
        .map_or((f64::NAN, f64::NAN), |bounds| (bounds.low, bounds.high));
    format!(
        "| {name} | {n_alarms} of {n_tables} | {:.1} % | {:.1} to {:.1} % |",
        rate * 100.0,
        low * 100.0,
        high * 100.0
    )
}
