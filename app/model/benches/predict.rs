//! What predicting with trees costs: blocks of rows, a single row, a random forest trained here.
//!
//! Run with `taskset -c 0 cargo bench -p interlock-model --bench predict` for one thread. The models
//! are made up: full trees with thresholds in every part of their features.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_model::{
    Batch, BatchColumn, BatchValues, Limits, Model, Target, TrainSpec, open, train,
};
use serde_json::json;

const N_FEATURES: usize = 14;
const N_ROWS: usize = 10_000;

/// A number from 0 to 999 that looks like chance.
fn mixed(seed: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed ^ mixed >> 29) % 1000).unwrap()
}

/// Full trees in XGBoost's JSON.
fn boosted(n_trees: usize, depth: u32) -> Box<dyn Model> {
    let n_inner = (1 << depth) - 1;
    let n_nodes = 2 * n_inner + 1;
    let trees: Vec<serde_json::Value> = (0..n_trees)
        .map(|tree| {
            let chance = |at: usize, salt: usize| mixed((tree * n_nodes + at) * 3 + salt);
            let child = |at: usize, side: i64| {
                if at < n_inner {
                    2 * i64::try_from(at).unwrap() + side
                } else {
                    -1
                }
            };
            json!({
                "left_children": (0..n_nodes).map(|at| child(at, 1)).collect::<Vec<_>>(),
                "right_children": (0..n_nodes).map(|at| child(at, 2)).collect::<Vec<_>>(),
                "split_indices": (0..n_nodes).map(|at| chance(at, 0) % N_FEATURES).collect::<Vec<_>>(),
                "split_conditions": (0..n_nodes).map(|at| chance(at, 1) / 4).collect::<Vec<_>>(),
                "default_left": (0..n_nodes).map(|at| chance(at, 2) % 2).collect::<Vec<_>>(),
            })
        })
        .collect();
    let model = json!({"learner": {
        "gradient_booster": {"name": "gbtree", "model": {"trees": trees}},
        "learner_model_param": {"base_score": "0.5", "num_feature": N_FEATURES.to_string()},
        "objective": {"name": "binary:logistic"},
    }});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    std::fs::write(&path, model.to_string()).unwrap();
    open(&path, &Limits::default()).unwrap()
}

fn columns() -> Vec<(String, Vec<f64>)> {
    (0..N_FEATURES)
        .map(|feature| {
            let value = |row: usize| mixed(row * N_FEATURES + feature) as f64 / 4.0;
            (format!("f{feature}"), (0..N_ROWS).map(value).collect())
        })
        .collect()
}

fn batch(columns: &[(String, Vec<f64>)], n_rows: usize) -> Batch<'_> {
    let columns = columns.iter().map(|(name, values)| BatchColumn {
        name,
        values: BatchValues::Numeric(&values[..n_rows]),
    });
    Batch {
        n_rows,
        columns: columns.collect(),
    }
}

fn benches(criterion: &mut Criterion) {
    let columns = columns();
    let rows = batch(&columns, N_ROWS);
    let row = batch(&columns, 1);
    let mut time = |name: &str, model: &dyn Model, rows: &Batch<'_>| {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| model.predict(black_box(rows)).unwrap());
        });
    };
    let deep = boosted(500, 6);
    time("500 trees of depth 6, 10,000 rows", deep.as_ref(), &rows);
    time("500 trees of depth 6, a single row", deep.as_ref(), &row);
    let deeper = boosted(100, 8);
    time("100 trees of depth 8, 10,000 rows", deeper.as_ref(), &rows);
    let target: Vec<f64> = (0..N_ROWS)
        .map(|row| columns[0].1[row].sin() + columns[1].1[row] / 100.0)
        .collect();
    let spec = TrainSpec::new(
        "random-forest",
        &BTreeMap::from([("n_trees".to_owned(), 50.0)]),
    );
    let forest = train(&spec.unwrap(), &rows, &Target::Values(&target), 1).unwrap();
    time("random forest of 50 trees, 10,000 rows", &forest, &rows);
    time("random forest of 50 trees, a single row", &forest, &row);
}

criterion_group!(all, benches);
criterion_main!(all);
