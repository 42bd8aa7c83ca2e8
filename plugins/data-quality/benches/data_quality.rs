//! What the algorithms cost on 30 000 rows of 15 columns.
//!
//! Run with `cargo bench -p interlock-data-quality`; `against_pandas.py` runs pandas on the same.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_data_quality::duplication::{Rows, first_equal};
use interlock_data_quality::variation::Variation;
use interlock_stats::rng::Rng;

const N_ROWS: usize = 30_000;
const N_COLUMNS: usize = 15;

fn columns() -> Vec<Vec<u32>> {
    let mut rng = Rng::new(1);
    (0..N_COLUMNS)
        .map(|column| {
            let n_codes = 2 + column * 40;
            let code = |rng: &mut Rng| u32::try_from(rng.below(n_codes)).unwrap_or(0);
            (0..N_ROWS).map(|_| code(&mut rng)).collect()
        })
        .collect()
}

fn benches(criterion: &mut Criterion) {
    let columns = columns();
    let slices: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
    criterion.bench_function("duplicates of 30 000 x 15", |bencher| {
        bencher.iter(|| Rows::new(N_ROWS, black_box(&slices)).map(first_equal));
    });
    criterion.bench_function("variation of 30 000 x 15", |bencher| {
        bencher.iter(|| {
            let found = slices
                .iter()
                .map(|codes| Variation::of(black_box(codes), 1000));
            found.map(|variation| variation.n_top).sum::<usize>()
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
