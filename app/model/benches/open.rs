//! Time to open model files: 500 trees of depth 6 (4 MB of JSON), and 100 MB of JSON.
//!
//! In: made-up files with the keys, and the share of digits in them, that XGBoost 3.2 writes. Out:
//! criterion's report, with bytes per second.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock_model::{Limits, open};

const DEPTH: u32 = 6;
const N_INPUTS: usize = 20;

/// Numbers between -1 and 1, the same in each run.
struct Random(u64);

impl Random {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "XGBoost writes the digits of a single"
    )]
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0) as f32
    }
}

/// `[a,b,c]`.
fn list<T: std::fmt::Display>(values: impl Iterator<Item = T>) -> String {
    let mut text = String::from("[");
    for value in values {
        write!(text, "{value},").expect("texts take all");
    }
    text.pop();
    text + "]"
}

fn floats(n: usize, random: &mut Random) -> String {
    list((0..n).map(|_| format!("{:E}", random.next())))
}

/// A whole binary tree.
fn tree(random: &mut Random) -> String {
    let (n_nodes, n_inner) = ((1 << (DEPTH + 1)) - 1, (1 << DEPTH) - 1);
    let child = |side: i64| {
        move |node: i64| {
            if node < n_inner { 2 * node + side } else { -1 }
        }
    };
    let nodes = || 0..i64::from(n_nodes);
    let n = usize::try_from(n_nodes).expect("few nodes");
    let input = |node: i64| usize::try_from(node).map_or(0, |node| node % N_INPUTS);
    [
        "{\"base_weights\":",
        &floats(n, random),
        ",\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[],\"default_left\":",
        &list(nodes().map(|node| node % 2)),
        ",\"id\":0,\"left_children\":",
        &list(nodes().map(child(1))),
        ",\"loss_changes\":",
        &floats(n, random),
        ",\"parents\":",
        &list(nodes().map(|node| (node - 1) / 2)),
        ",\"right_children\":",
        &list(nodes().map(child(2))),
        ",\"split_conditions\":",
        &floats(n, random),
        ",\"split_indices\":",
        &list(nodes().map(input)),
        ",\"split_type\":",
        &list(nodes().map(|_| 0)),
        ",\"sum_hessian\":",
        &floats(n, random),
        ",\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"20\",\"num_nodes\":\"127\",\"size_leaf_vector\":\"1\"}}",
    ]
    .concat()
}

fn model(n_trees: usize) -> String {
    let mut random = Random(1);
    let trees = list((0..n_trees).map(|_| tree(&mut random)));
    let outputs = list((0..n_trees).map(|_| 0));
    [
        "{\"learner\":{\"attributes\":{},\"feature_names\":[],\"feature_types\":[],\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\"},\"tree_info\":",
        &outputs,
        ",\"trees\":",
        &trees,
        "},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"[5E-1]\",\"num_class\":\"0\",\"num_feature\":\"20\",\"num_target\":\"1\"},\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[3,2,0]}",
    ]
    .concat()
}

fn opening(criterion: &mut Criterion) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let per_tree = model(2).len() - model(1).len();
    for (name, n_trees) in [("500 trees", 500), ("100 MB", 100_000_000 / per_tree)] {
        let text = model(n_trees);
        std::fs::write(file.path(), &text).expect("written");
        let mut group = criterion.benchmark_group("open xgboost json");
        group.sample_size(10);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                black_box(
                    open(file.path(), &Limits::default())
                        .expect("a model")
                        .info(),
                );
            });
        });
        group.finish();
    }
}

criterion_group!(benches, opening);
criterion_main!(benches);
