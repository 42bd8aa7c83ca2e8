//! What SHAP values cost beside the model: 10 rows of 12 inputs, 50 background rows.
//!
//! Run with `cargo bench -p interlock-shap`; `against_shap.py` runs shap on the same.

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_plugin_api::{CheckError, Feature, FeatureValues, Features};
use interlock_shap::shapley::{Method, explain};
use interlock_stats::rng::Rng;

const N_INPUTS: usize = 12;

fn table(n_rows: usize, seed: u64) -> Features {
    let mut rng = Rng::new(seed);
    let columns = (0..N_INPUTS)
        .map(|at| Feature {
            name: format!("x{at}"),
            values: FeatureValues::Numeric((0..n_rows).map(|_| rng.normal()).collect()),
        })
        .collect();
    Features { n_rows, columns }
}

#[expect(clippy::unnecessary_wraps, reason = "a model may refuse")]
fn model(features: &Features) -> Result<Vec<f64>, CheckError> {
    let mut sums = vec![0.0; features.n_rows];
    for column in &features.columns {
        if let FeatureValues::Numeric(values) = &column.values {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value * value;
            }
        }
    }
    Ok(sums)
}

fn benches(criterion: &mut Criterion) {
    let (rows, background) = (table(10, 1), table(50, 2));
    for (name, method) in [
        ("exact", Method::Exact),
        ("5 pairs", Method::Permutations(5)),
    ] {
        criterion.bench_function(&format!("10 rows of 12 inputs, {name}"), |bencher| {
            bencher.iter(|| {
                let one = |row| explain((&rows, row), &background, (0.0, 0.0), &model, (method, 1));
                (0..rows.n_rows).filter_map(|row| one(row).ok()).count()
            });
        });
    }
}

criterion_group!(all, benches);
criterion_main!(all);
