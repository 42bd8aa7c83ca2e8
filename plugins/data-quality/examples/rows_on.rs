//! What the checks of rows, their order and units say of a CSV file without quotes, and how long they
//! take.
//!
//! In: a path, the target's name, how many times to repeat the rows, and names of checks if not all.
//! Out: verdict, summary and findings of each check. The test kit's own copy of the table is part of the time.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use std::time::Instant;

use interlock_plugin_api::Role;
use interlock_plugin_api::test_kit::{Run, TestTable};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let text = std::fs::read_to_string(args.next().ok_or("name a file")?)?;
    let target = args.next();
    let times: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    let wanted: Vec<String> = args.collect();
    let (header, body) = text.split_once('\n').ok_or("no header")?;
    let table = TestTable::from_csv(&format!("{header}\n{}", body.repeat(times)));
    println!("{} rows, {} columns", table.n_rows(), table.columns.len());
    let has_id = table.columns.iter().any(|column| column.name == "id");
    let run = Run::new(interlock_data_quality::module())
        .table(Role::Train, table)
        .facts(|facts| {
            facts.target = target;
            facts.id = has_id.then(|| "id".to_owned());
        });
    for id in [
        "row-outliers",
        "unit-mix-ups",
        "order-dependence",
        "uniform",
        "almost-duplicates",
        "missing-values",
    ] {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == id) {
            continue;
        }
        let start = Instant::now();
        let outcome = run.check(&format!("data-quality.{id}"))?;
        let took = start.elapsed();
        println!("{id}: {took:?} {:?}: {}", outcome.verdict, outcome.summary);
        for finding in &outcome.findings {
            println!(
                "  {} {:?} {}",
                finding.code, finding.severity, finding.title
            );
        }
        for note in &outcome.notes {
            println!("  ({note})");
        }
    }
    Ok(())
}
