//! What comparing groups costs: intervals of 20 groups.
//!
//! Run with `cargo bench -p interlock-bias`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_stats::proportion::{newcombe, wilson};

fn benches(criterion: &mut Criterion) {
    let groups: Vec<(u64, u64)> = (1..=20).map(|at| (at * 40, at * 100)).collect();
    criterion.bench_function("rates and differences of 20 groups", |bencher| {
        bencher.iter(|| {
            let rates = groups.iter().filter_map(|(k, n)| wilson(*k, *n, 0.95).ok());
            let width: f64 = rates.map(|bounds| bounds.high - bounds.low).sum();
            let pairs = groups
                .iter()
                .flat_map(|a| groups.iter().map(move |b| (*a, *b)));
            let differences = pairs.filter_map(|(a, b)| newcombe(a, b, 0.95).ok());
            black_box(width + differences.map(|bounds| bounds.high).sum::<f64>())
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
