//! What the checks of single columns say of a CSV file without quotes, and how long they take.
//!
//! In: a path, and how many times to repeat the rows. Out: one line per check. The test kit's own
//! copy of the table is part of the time; `copy` shows it alone.

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
    let times: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    let (header, body) = text.split_once('\n').ok_or("no header")?;
    let table = TestTable::from_csv(&format!("{header}\n{}", body.repeat(times)));
    println!("{} rows, {} columns", table.n_rows(), table.columns.len());
    let run = Run::new(interlock_data_quality::module()).table(Role::Train, table);
    for id in [
        "constant-columns",
        "mixed-types",
        "null-spellings",
        "string-variants",
        "special-characters",
        "string-length",
        "text-encoding",
        "personal-data",
        "identifiers",
        "dates",
    ] {
        let start = Instant::now();
        let outcome = run.check(&format!("data-quality.{id}"));
        let took = start.elapsed();
        match outcome {
            Ok(outcome) => println!("{id}: {took:?} {:?}: {}", outcome.verdict, outcome.summary),
            Err(error) => println!("{id}: {took:?} skipped: {error}"),
        }
    }
    Ok(())
}
