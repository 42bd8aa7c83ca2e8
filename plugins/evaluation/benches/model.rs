//! What the algorithms of the checks of the model itself cost.
//!
//! Run with `cargo bench -p interlock-evaluation --bench model`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_evaluation::course::rise;
use interlock_evaluation::exchange::spread;
use interlock_evaluation::sameness::{Deciding, difference};
use interlock_evaluation::seed_noise::votes;
use interlock_evaluation::segment_tree::tree;
use interlock_evaluation::segments::{Binned, Search};
use interlock_evaluation::timing::quantile;
use interlock_evaluation::trees::Growing;
use interlock_plugin_api::FeatureValues;
use interlock_plugin_api::ensemble::{Comparison, TreeEnsemble};
use interlock_stats::rng::Rng;

const N_ADULT: usize = 48_842;

/// A forest of full trees of depth 8 over 14 inputs between 0 and 1.
fn forest(rng: &mut Rng, n_trees: u32) -> TreeEnsemble {
    let (depth, mut trees) = (8_u32, TreeEnsemble::default());
    let n_nodes = (1 << (depth + 1)) - 1;
    trees.features = (0..14).map(|at| format!("f{at}")).collect();
    (trees.n_outputs, trees.base) = (1, vec![0.0]);
    for tree in 0..n_trees {
        let first = tree * n_nodes;
        trees.tree_starts.push(first);
        trees.tree_outputs.push(0);
        for node in 0..n_nodes {
            let is_leaf = 2 * node + 2 >= n_nodes;
            let input = u32::try_from(rng.below(14)).unwrap_or(0);
            trees
                .feature
                .push(if is_leaf { TreeEnsemble::LEAF } else { input });
            let scale = if is_leaf { f64::from(n_trees) } else { 1.0 };
            trees.value.push(rng.uniform() / scale);
            trees.yes.push(first + 2 * node + 1);
            trees.no.push(first + 2 * node + 2);
        }
    }
    trees.comparison = vec![Comparison::Less; trees.feature.len()];
    trees.missing_goes_yes = vec![false; trees.feature.len()];
    trees
}

fn benches(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.uniform()).collect() };
    let scores = draw(N_ADULT);
    let deciding = Deciding {
        n_outputs: 1,
        threshold: Some(0.5),
    };
    criterion.bench_function("answers of 48 842 rows compared", |bencher| {
        bencher.iter(|| difference(black_box(&scores), &scores, deciding, 1e-6).greatest);
    });
    let values = FeatureValues::Numeric(scores.clone());
    criterion.bench_function("values of 48 842 rows counted", |bencher| {
        bencher.iter(|| spread(black_box(&values)).n_most);
    });
    let losses: Vec<Vec<f64>> = (0..60).map(|_| draw(10_000)).collect();
    criterion.bench_function("rise over 60 numbers of trees, 10 000 rows", |bencher| {
        bencher.iter(|| rise(black_box(&losses), 1).0);
    });
    let columns: Vec<Vec<f64>> = (0..14).map(|_| draw(1000)).collect();
    let times = draw(200);
    criterion.bench_function("median and interval of 200 times", |bencher| {
        bencher.iter(|| quantile(black_box(&times), 0.5, 0.95));
    });
    let trees = forest(&mut rng, 100);
    criterion.bench_function("100 trees of depth 8 walked for 1 000 rows", |bencher| {
        bencher.iter(|| {
            let mut growing = Growing::new(&trees, 1000, false);
            for _ in 0..100 {
                assert!(growing.grow(black_box(&columns)).is_some());
            }
            growing.predictions().len()
        });
    });
    let mut growing = Growing::new(&trees, 1000, false);
    for _ in 0..100 {
        assert!(growing.grow(&columns).is_some());
    }
    let predicted = growing.predictions();
    criterion.bench_function("spread of 100 trees for 1 000 rows", |bencher| {
        bencher.iter(|| votes(black_box(&trees), &columns, &predicted, Some(0.5)));
    });
    let inputs: Vec<Binned> = (0..15)
        .map(|_| Binned {
            bins: (0..N_ADULT).map(|_| rng.below(10)).collect(),
            missing: 10,
            is_ordered: true,
        })
        .collect();
    let is_bad = |row: usize| inputs[0].bins[row] > 6 && inputs[1].bins[row] > 6;
    let losses: Vec<f64> = (0..N_ADULT)
        .map(|row| {
            f64::from(u8::from(
                rng.uniform() < if is_bad(row) { 0.5 } else { 0.1 },
            ))
        })
        .collect();
    let search = Search {
        min_rows: 2442,
        max_conditions: 3,
        is_error: true,
        seed: 1,
    };
    criterion.bench_function("segment tree of 48 842 x 15", |bencher| {
        bencher.iter(|| tree(black_box(&inputs), &losses, &search).len());
    });
}

criterion_group!(all, benches);
criterion_main!(all);
