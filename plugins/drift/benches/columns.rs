//! Time of the check for 30,000 train and 30,000 current rows of 15 columns, through the border.
//!
//! In: made-up tables. Out: criterion's report. `against_scipy.py` does the same with SciPy.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_plugin_api::Role;
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_stats::rng::Rng;

const N_ROWS: usize = 30_000;

fn table(seed: u64, shift: f64) -> TestTable {
    let mut rng = Rng::new(seed);
    let mut table = TestTable::default();
    for column in 0..12 {
        let by = if column < 2 { shift } else { 0.0 };
        let values = (0..N_ROWS).map(|_| Some(rng.normal() + by)).collect();
        table = table.with(TestColumn::floats(&format!("number{column}"), values));
    }
    for column in 0..3 {
        let words = ["red", "green", "blue", "white", "black"];
        let values = (0..N_ROWS).map(|_| Some(words[rng.below(5)])).collect();
        table = table.with(TestColumn::categories(&format!("word{column}"), values));
    }
    table
}

fn columns(criterion: &mut Criterion) {
    let run = Run::new(interlock_drift::module())
        .table(Role::Train, table(1, 0.0))
        .table(Role::Current, table(2, 0.5));
    criterion.bench_function("columns 30k x 15", |bencher| {
        bencher.iter(|| black_box(run.check("drift.columns")));
    });
    let (train, current) = (table(1, 0.0), table(2, 0.5));
    criterion.bench_function("of it the test kit's own copy of both tables", |bencher| {
        let empty = || Run::new(interlock_drift::module());
        let all: Vec<String> = (0..12)
            .map(|k| format!("number{k}"))
            .chain((0..3).map(|k| format!("word{k}")))
            .collect();
        let idle = empty()
            .table(Role::Train, train.clone())
            .table(Role::Current, current.clone())
            .param("leave_out", all);
        bencher.iter(|| black_box(idle.check("drift.columns")));
    });
}

criterion_group!(benches, columns);
criterion_main!(benches);
