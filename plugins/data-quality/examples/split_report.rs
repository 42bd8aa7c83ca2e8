//! What the checks of the split say of two tables, and how long they take.
//!
//! In: two CSV files without quotes, the names of target, positive value and id. Out: a line per
//! check and its findings.
//!
//! Run with `cargo run --release -p interlock-data-quality --example split_report -- train.csv
//! test.csv risk good id [check]`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "prints what it measures"
)]

use interlock_plugin_api::Role;
use interlock_plugin_api::test_kit::{Run, TestTable};

/// The checks of the split.
const CHECKS: &[&str] = &[
    "split-sizes",
    "new-labels",
    "new-categories",
    "value-ranges",
    "date-leakage",
    "id-leakage",
    "entity-leakage",
    "near-duplicate-leakage",
    "giveaway-features",
    "association-change",
    "domain-classifier",
    "stratification",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let read = |at: usize| {
        let text = arguments.get(at).map(std::fs::read_to_string);
        text.and_then(Result::ok).unwrap_or_default()
    };
    let named = |at: usize| arguments.get(at).cloned().filter(|name| !name.is_empty());
    let run = Run::new(interlock_data_quality::module())
        .table(Role::Train, TestTable::from_csv(&read(0)))
        .table(Role::Test, TestTable::from_csv(&read(1)))
        .facts(|facts| {
            facts.target = named(2);
            facts.positive = named(3);
            facts.id = named(4);
        });
    for check in CHECKS
        .iter()
        .filter(|check| named(5).is_none_or(|only| only == **check))
    {
        let start = std::time::Instant::now();
        let outcome = run.check(&format!("data-quality.{check}"));
        let took = start.elapsed();
        match outcome {
            Ok(outcome) => {
                println!(
                    "{check}: {:?} in {took:.1?}: {}",
                    outcome.verdict, outcome.summary
                );
                for finding in outcome.findings.iter().take(4) {
                    println!(
                        "    {:?} {}: {}",
                        finding.severity, finding.code, finding.title
                    );
                }
            }
            Err(error) => println!("{check}: {error}"),
        }
    }
}
