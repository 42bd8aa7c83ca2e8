//! What the nine checks of single columns cost on 50 000 rows of text, numbers and dates, through the
//! border that the host uses.
//!
//! Run with `cargo bench -p interlock-data-quality --bench columns`.

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::module;
use interlock_plugin_api::Role;
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_stats::rng::Rng;

const N_ROWS: usize = 50_000;

const CHECKS: &[&str] = &[
    "dates",
    "identifiers",
    "mixed-types",
    "null-spellings",
    "personal-data",
    "special-characters",
    "string-length",
    "string-variants",
    "text-encoding",
];

/// Free text of `N_ROWS` different values, as a function of the row.
fn text(name: &str, value: impl Fn(usize) -> String) -> TestColumn {
    let values: Vec<String> = (0..N_ROWS).map(value).collect();
    TestColumn::text(
        name,
        values.iter().map(|value| Some(value.as_str())).collect(),
    )
}

/// Each kind of column that one of the checks looks at.
fn table() -> TestTable {
    const TOWNS: [&str; 8] = ["Bonn", "bonn ", "Jena", "Köln", "KÃ¶ln", "?", "N/A", "Ulm"];
    let mut rng = Rng::new(1);
    let towns = (0..N_ROWS).map(|_| Some(TOWNS[rng.below(TOWNS.len())]));
    let towns = TestColumn::categories("town", towns.collect());
    let days = (0..N_ROWS).map(|_| i32::try_from(rng.below(20_000)).ok());
    let days = TestColumn::dates("day", days.collect());
    let amounts = (0..N_ROWS).map(|_| Some(rng.normal().exp()));
    let amounts = TestColumn::floats("amount", amounts.collect());
    let numbers = (0..N_ROWS).map(|row| i64::try_from(row).ok());
    let numbers = TestColumn::integers("number", numbers.collect());
    TestTable::default()
        .with(numbers)
        .with(towns)
        .with(days)
        .with(amounts)
        .with(text("mail", |row| format!("person{row}@example.org")))
        .with(text("phone", |row| format!("+49 228 {:07}", row * 7)))
        .with(text("day as text", |row| {
            format!("{:02}.{:02}.2024", 1 + row % 28, 1 + row % 12)
        }))
        .with(text("size", |row| {
            if row % 50 == 0 {
                "big".to_owned()
            } else {
                row.to_string()
            }
        }))
        .with(text("remark", |row| {
            format!("customer {row} asked for {} pieces", row % 97)
        }))
}

fn benches(criterion: &mut Criterion) {
    let run = Run::new(module()).table(Role::Train, table());
    let mut group = criterion.benchmark_group("50 000 x 9");
    group.sample_size(10);
    for check in CHECKS {
        let id = format!("data-quality.{check}");
        group.bench_function(*check, |bencher| bencher.iter(|| run.check(&id)));
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
