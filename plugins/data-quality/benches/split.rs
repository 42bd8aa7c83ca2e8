//! What the algorithms of the split cost on 50 000 rows of 15 columns.
//!
//! Run with `cargo bench -p interlock-data-quality --bench split`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::split::boosting::{Features, held_out};
use interlock_data_quality::split::chance::{outside_tail, unseen_tail};
use interlock_data_quality::split::near::{Pair, near};
use interlock_data_quality::split::scores::predictive_power;
use interlock_stats::rng::Rng;

const N_TRAIN: usize = 33_000;
const N_TEST: usize = 17_000;

fn codes(rng: &mut Rng, n: usize, n_codes: usize) -> Vec<u32> {
    let code = |rng: &mut Rng| u32::try_from(rng.below(n_codes)).unwrap_or(0);
    (0..n).map(|_| code(rng)).collect()
}

fn benches(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let pairs: Vec<Pair> = (0..15)
        .map(|column| Pair {
            train: codes(&mut rng, N_TRAIN, 2 + column * 40),
            other: codes(&mut rng, N_TEST, 2 + column * 40),
        })
        .collect();
    criterion.bench_function("near copies among 50 000 x 15", |bencher| {
        bencher.iter(|| near(black_box(&pairs), 1, 40.0).len());
    });
    let classes = codes(&mut rng, N_TRAIN, 2);
    criterion.bench_function("predictive power of 33 000 x 1", |bencher| {
        bencher.iter(|| predictive_power(black_box(&pairs[1].train), 42, &classes, 2));
    });
    let features = Features {
        bins: (0..15).map(|_| codes(&mut rng, 10_000, 16)).collect(),
        n_bins: vec![16; 15],
    };
    let truth: Vec<bool> = (0..10_000).map(|row| row % 2 == 0).collect();
    let parts: Vec<usize> = (0..10_000).map(|row| row / 2 % 3).collect();
    criterion.bench_function("classifier of 10 000 x 15", |bencher| {
        bencher.iter(|| {
            held_out(black_box(&features), &truth, &parts, 3)
                .gains
                .len()
        });
    });
    criterion.bench_function("tails of chance", |bencher| {
        let counts: Vec<(u64, u64)> = (0..2000).map(|value| (value % 7, value % 3)).collect();
        bencher.iter(|| {
            let outside = outside_tail(black_box(33_000), 17_000, 12);
            outside + unseen_tail(black_box(&counts)).p_value
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
