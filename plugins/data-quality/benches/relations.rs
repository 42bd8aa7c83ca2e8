//! What distributions, relations and label errors cost on as many rows as the Adult census table.
//!
//! Run with `cargo bench -p interlock-data-quality --bench relations`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::numbers::spread::{Spread, skewness};
use interlock_data_quality::numbers::tail::{distances, widest_gap};
use interlock_data_quality::relations::association::{Standardized, cramers_v};
use interlock_data_quality::relations::predictive_power::{Values, class_power, stratified_folds};
use interlock_data_quality::rows::binned::Binned;
use interlock_data_quality::rows::boosting::predict;
use interlock_stats::rng::Rng;

const N_ROWS: usize = 48_842;

fn benches(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let numbers: Vec<f64> = (0..N_ROWS).map(|_| rng.normal().exp()).collect();
    let others: Vec<f64> = (0..N_ROWS).map(|_| rng.normal()).collect();
    let mut codes = |n: usize| -> Vec<u32> {
        let code = |rng: &mut Rng| u32::try_from(rng.below(n)).unwrap_or(0);
        (0..N_ROWS).map(|_| code(&mut rng)).collect()
    };
    let (classes, towns, jobs) = (codes(2), codes(40), codes(15));
    criterion.bench_function("spread, skewness and tail of 48,842 numbers", |bencher| {
        bencher.iter(|| {
            let spread = Spread::of(black_box(&numbers))?;
            let gap = widest_gap(&distances(&numbers, spread.median, false), 3.5);
            skewness(&numbers).zip(gap)
        });
    });
    let pair = Standardized::of(&numbers).zip(Standardized::of(&others));
    criterion.bench_function("correlation of 48,842 pairs of numbers", |bencher| {
        bencher.iter(|| pair.as_ref().map(|(x, y)| black_box(x).with(y)));
    });
    criterion.bench_function("Cramér's V of 48,842 rows", |bencher| {
        bencher.iter(|| cramers_v((black_box(&towns), 40), (&jobs, 15)));
    });
    let folds = stratified_folds(&classes, 4, 1);
    criterion.bench_function("predictive power of 48,842 numbers", |bencher| {
        bencher.iter(|| {
            let values = Values::of_numbers(black_box(&numbers));
            class_power(&values, (&classes, 2), (&folds, 4))
        });
    });
    let columns = [Binned::of_numbers(&numbers), Binned::of_codes(&towns, 40)];
    let mut group = criterion.benchmark_group("boosting");
    group.sample_size(10);
    group.bench_function("one fold of 48,842 x 2", |bencher| {
        bencher.iter(|| predict(black_box(&columns), (&classes, 2), |row| row % 5 > 0));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
