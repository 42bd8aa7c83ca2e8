//! What every check of this plugin costs on as many rows and columns as the Adult census table, through
//! the border that the host uses. The checks are those that the plugin lists, so none is left out.
//!
//! Run with `cargo bench -p interlock-data-quality --bench checks`; the example `time_each` does the
//! same on files, and says what memory it takes.

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::module;
use interlock_plugin_api::host::Plugin;
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Task};
use interlock_stats::rng::Rng;

/// Rows of the training and of the test table.
const N_ROWS: [usize; 2] = [32_561, 16_281];

/// Values of each categorical column, and of each numeric one.
const N_CATEGORIES: [usize; 8] = [9, 16, 7, 15, 6, 5, 2, 42];
const N_NUMBERS: [usize; 6] = [73, 20_000, 16, 120, 90, 94];

fn table(n_rows: usize, seed: u64) -> TestTable {
    let mut rng = Rng::new(seed);
    let mut table = TestTable::default();
    let classes: Vec<bool> = (0..n_rows).map(|_| rng.below(4) == 0).collect();
    for (at, n) in N_NUMBERS.iter().enumerate() {
        // Small values are frequent, and more so without the class.
        let value = |row: usize| {
            let size = rng.uniform() * if classes[row] { 1.0 } else { rng.uniform() };
            i64::try_from(interlock_stats::order::index_below(size * *n as f64)).ok()
        };
        let values = (0..n_rows).map(value).collect();
        table = table.with(TestColumn::integers(&format!("number {at}"), values));
    }
    for (at, n) in N_CATEGORIES.iter().enumerate() {
        let names: Vec<String> = (0..*n)
            .map(|code| format!("value {code} of {at}"))
            .collect();
        let value = |_| Some(names[rng.below(*n)].as_str());
        let values = (0..n_rows).map(value).collect();
        table = table.with(TestColumn::categories(&format!("kind {at}"), values));
    }
    let classes = classes
        .iter()
        .map(|class| Some(if *class { "yes" } else { "no" }));
    table.with(TestColumn::categories("target", classes.collect()))
}

fn benches(criterion: &mut Criterion) {
    let run = Run::new(module())
        .table(Role::Train, table(N_ROWS[0], 1))
        .table(Role::Test, table(N_ROWS[1], 2))
        .facts(|facts| {
            facts.target = Some("target".to_owned());
            facts.task = Task::Binary;
        });
    let mut group = criterion.benchmark_group("48 842 x 15");
    group.sample_size(10);
    let checks = Plugin::of_module(module()).map_or(Vec::new(), |plugin| plugin.checks);
    for check in checks {
        group.bench_function(check.id.trim_start_matches("data-quality."), |bencher| {
            bencher.iter(|| run.check(&check.id));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
