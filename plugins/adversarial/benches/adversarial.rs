//! What the search for small changes costs beside the model.
//!
//! Run with `cargo bench -p interlock-adversarial`.

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_adversarial::constraint::{Freedom, Line};
use interlock_adversarial::flip::{Budget, search};
use interlock_plugin_api::{CheckError, Feature, FeatureValues, Features, Predictions};
use interlock_stats::rng::Rng;

const N_ROWS: usize = 200;
const N_INPUTS: usize = 15;

#[expect(clippy::unnecessary_wraps, reason = "a model may refuse")]
fn linear(features: &Features) -> Result<Predictions, CheckError> {
    let mut values = vec![0.0; features.n_rows];
    for (at, column) in features.columns.iter().enumerate() {
        if let FeatureValues::Numeric(numbers) = &column.values {
            for (sum, number) in values.iter_mut().zip(numbers) {
                *sum += number * (at as f64 - 7.0);
            }
        }
    }
    Ok(Predictions {
        n_rows: features.n_rows,
        n_outputs: 1,
        values,
    })
}

fn benches(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let columns = (0..N_INPUTS)
        .map(|at| Feature {
            name: format!("x{at}"),
            values: FeatureValues::Numeric((0..N_ROWS).map(|_| rng.normal()).collect()),
        })
        .collect();
    let features = Features {
        n_rows: N_ROWS,
        columns,
    };
    let freedoms = vec![
        Freedom::Number(Line {
            std: 1.0,
            is_integer: false,
            min: f64::NEG_INFINITY,
            max: f64::INFINITY,
            allowed: Vec::new(),
        });
        N_INPUTS
    ];
    let budget = Budget {
        distance: 0.5,
        n_inputs: 2,
        step: 0.1,
    };
    let margin = |_: usize, output: &[f64]| output[0].abs() - 0.5;
    criterion.bench_function("turn 200 rows of 15 inputs", |bencher| {
        bencher.iter(|| search(&features, &freedoms, (&linear, &margin), budget));
    });
}

criterion_group!(all, benches);
criterion_main!(all);
