//! What the shared numerics cost on 30,000 values a side.
//!
//! Run with `cargo bench -p interlock-stats`; `against_scipy.py` runs SciPy and scikit-learn on the same
//! sizes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_stats::auc::delong;
use interlock_stats::bootstrap::{percentile, replicates};
use interlock_stats::contingency::chi_square;
use interlock_stats::distance::{jensen_shannon_distance, population_stability_index, wasserstein};
use interlock_stats::multiplicity::benjamini_hochberg;
use interlock_stats::order::ranks;
use interlock_stats::rng::Rng;
use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};

const N: usize = 30_000;

fn normal(seed: u64, shift: f64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    (0..N).map(|_| rng.normal() + shift).collect()
}

fn samples(criterion: &mut Criterion) {
    let (left, right) = (normal(1, 0.0), normal(2, 0.1));
    criterion.bench_function("Kolmogorov-Smirnov", |bencher| {
        bencher.iter(|| {
            kolmogorov_smirnov(
                black_box(&left),
                black_box(&right),
                PValueMethod::Asymptotic,
            )
        });
    });
    criterion.bench_function("Wasserstein", |bencher| {
        bencher.iter(|| wasserstein(black_box(&left), black_box(&right)));
    });
    criterion.bench_function("ranks", |bencher| bencher.iter(|| ranks(black_box(&left))));
    let is_positive: Vec<bool> = right.iter().map(|value| *value > 0.5).collect();
    criterion.bench_function("area under the curve with DeLong's interval", |bencher| {
        bencher.iter(|| delong(black_box(&left), black_box(&is_positive), 0.95));
    });
}

fn counts(criterion: &mut Criterion) {
    let mut rng = Rng::new(3);
    let mut draw = || -> Vec<u64> { (0..100).map(|_| 1 + rng.below(500) as u64).collect() };
    let (reference, current) = (draw(), draw());
    let table: Vec<u64> = reference.iter().chain(&current).copied().collect();
    criterion.bench_function("chi-square of 2 x 100", |bencher| {
        bencher.iter(|| chi_square(black_box(&table), 100));
    });
    criterion.bench_function("PSI and Jensen-Shannon of 100 bins", |bencher| {
        bencher.iter(|| {
            (
                population_stability_index(black_box(&reference), black_box(&current)),
                jensen_shannon_distance(black_box(&reference), black_box(&current)),
            )
        });
    });
    let p_values: Vec<f64> = (1..=1000).map(|at| f64::from(at) / 1000.0).collect();
    criterion.bench_function("Benjamini-Hochberg of 1000", |bencher| {
        bencher.iter(|| benjamini_hochberg(black_box(&p_values)));
    });
}

fn resampling(criterion: &mut Criterion) {
    let values = normal(4, 0.0);
    criterion.bench_function("200 bootstrap means of 30 000, with interval", |bencher| {
        bencher.iter(|| {
            let mean =
                |rows: &[usize]| Some(rows.iter().map(|row| values[*row]).sum::<f64>() / N as f64);
            percentile(&replicates(7, N, 200, mean), 0.95)
        });
    });
}

criterion_group!(all, samples, counts, resampling);
criterion_main!(all);
