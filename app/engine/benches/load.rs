//! What reading a table costs: 30,000 rows of 15 columns as CSV, parsed, inferred, hashed, and written
//! as the Arrow file that workers map.
//!
//! Run with `cargo bench -p interlock-engine`; `against_pandas.py` runs pandas on a file of the same
//! make beside the example `load`.

use std::fmt::Write as _;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_engine::load::{LoadSpec, load};

const N_ROWS: usize = 30_000;

/// Nine numbers, five categories, a class; some cells missing. Linear congruential (Knuth's MMIX).
fn csv() -> String {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut text = "a,b,c,d,e,f,g,h,i,sex,town,job,owns,plan,y\n".to_owned();
    for _ in 0..N_ROWS {
        for column in 0..9 {
            let value = next() % 10_000;
            if value < 300 {
                text.push(',');
            } else {
                let _written = write!(text, "{:.3},", value as f64 / f64::from(column + 1));
            }
        }
        for n_categories in [2, 8, 4, 2, 3] {
            let _written = write!(text, "word{},", next() % n_categories);
        }
        let _written = writeln!(text, "{}", next() % 2);
    }
    text
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the bench");
    let file = folder.path().join("table.csv");
    std::fs::write(&file, csv()).expect("the table can be written");
    let spec = LoadSpec {
        files: vec![file],
        ..LoadSpec::default()
    };
    let cache = folder.path().join("cache");
    let read = || load(&spec, Path::new("/"), &cache);
    criterion.bench_function("CSV of 30 000 x 15, nothing known", |bencher| {
        bencher.iter(|| {
            let _none_yet = std::fs::remove_dir_all(&cache);
            read()
        });
    });
    criterion.bench_function("CSV of 30 000 x 15, bytes known", |bencher| {
        bencher.iter(read);
    });
}

criterion_group!(all, benches);
criterion_main!(all);
