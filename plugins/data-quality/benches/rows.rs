//! What checks of rows, their order and units cost on as many rows as the Adult census table.
//!
//! Run with `cargo bench -p interlock-data-quality --bench rows`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::numbers::two_groups::{groups, nearest_factor};
use interlock_data_quality::order::sequence::{shares_and_neighbors, trend_and_neighbors};
use interlock_data_quality::order::spectrum::strongest_period;
use interlock_data_quality::order::stationarity::kpss;
use interlock_data_quality::rows::apart::widest_gap;
use interlock_data_quality::rows::distances::{Reference, Scaled, Space};
use interlock_stats::rng::Rng;

const N_ROWS: usize = 48_842;

fn benches(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let numbers: Vec<f64> = (0..N_ROWS).map(|_| rng.normal()).collect();
    let mut codes = |n: usize| -> Vec<u32> {
        let code = |rng: &mut Rng| u32::try_from(rng.below(n)).unwrap_or(0);
        (0..N_ROWS).map(|_| code(&mut rng)).collect()
    };
    let towns = codes(15);
    let columns: Vec<Scaled> = (0..14)
        .filter_map(|at| {
            if at % 2 == 0 {
                Scaled::of_numbers(&numbers, 0.0, 1.0)
            } else {
                Scaled::of_codes(&towns, 15)
            }
        })
        .collect();
    let mut group = criterion.benchmark_group("row outliers");
    group.sample_size(10);
    group.bench_function("distances of 48,842 x 14", |bencher| {
        bencher.iter(|| {
            let space = Space::of(black_box(columns.clone()), 512, 1);
            let reference = Reference::of(&space, 5)?;
            widest_gap(&reference.distances(0..N_ROWS), 1.25)
        });
    });
    group.finish();
    criterion.bench_function("order of 48,842 numbers", |bencher| {
        bencher.iter(|| trend_and_neighbors(black_box(&numbers)));
    });
    criterion.bench_function("order of 48,842 categories", |bencher| {
        bencher.iter(|| shares_and_neighbors(black_box(&towns)));
    });
    criterion.bench_function("stationarity and period of 32,768 days", |bencher| {
        let days = &numbers[..32_768];
        bencher.iter(|| (kpss(black_box(days)), strongest_period(days)));
    });
    let mut logs = numbers[..20_000].to_vec();
    logs.iter_mut()
        .skip(3)
        .step_by(9)
        .for_each(|value| *value += 12.0);
    logs.sort_by(f64::total_cmp);
    criterion.bench_function("two groups of 20,000 numbers", |bencher| {
        bencher.iter(|| nearest_factor(&logs, &groups(black_box(&logs))?));
    });
}

criterion_group!(all, benches);
criterion_main!(all);
