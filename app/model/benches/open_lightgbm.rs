//! How fast LightGBM text models open, in bytes of the file per second.
//!
//! In: made-up trees of 63 leaves with every line LightGBM writes, 17 digits to a number. Out:
//! criterion's report, with and without reading the file from the system.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock_model::{Limits, open};

const N_TREES: usize = 1000;
const N_LEAVES: i32 = 63;
const N_FEATURES: i32 = 20;

/// A number of 17 digits between -0.5 and 0.5.
fn real(random: &mut u64) -> f64 {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*random >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5
}

fn line(text: &mut String, name: &str, n: i32, mut word: impl FnMut(i32) -> String) {
    let words: Vec<String> = (0..n).map(&mut word).collect();
    text.push_str(name);
    text.push('=');
    text.push_str(&words.join(" "));
    text.push('\n');
}

/// A chain: every node has a leaf to the left.
fn tree(text: &mut String, idx: usize, random: &mut u64) {
    let n_inner = N_LEAVES - 1;
    let _never_fails = writeln!(text, "Tree={idx}\nnum_leaves={N_LEAVES}\nnum_cat=0");
    line(text, "split_feature", n_inner, |node| {
        (node % N_FEATURES).to_string()
    });
    line(text, "split_gain", n_inner, |node| format!("{node}.125"));
    line(text, "threshold", n_inner, |_| real(random).to_string());
    line(text, "decision_type", n_inner, |_| "10".to_owned());
    line(text, "left_child", n_inner, |node| (!node).to_string());
    line(text, "right_child", n_inner, |node| {
        if node + 1 == n_inner {
            (!n_inner).to_string()
        } else {
            (node + 1).to_string()
        }
    });
    line(text, "leaf_value", N_LEAVES, |_| real(random).to_string());
    line(text, "leaf_weight", N_LEAVES, |_| real(random).to_string());
    line(text, "leaf_count", N_LEAVES, |leaf| (leaf + 20).to_string());
    line(text, "internal_value", n_inner, |node| {
        format!("0.{node}1234")
    });
    line(text, "internal_weight", n_inner, |node| {
        format!("{node}.12345")
    });
    line(text, "internal_count", n_inner, |node| {
        (node + 1000).to_string()
    });
    text.push_str("is_linear=0\nshrinkage=0.1\n\n\n");
}

fn model() -> String {
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={}\nobjective=binary sigmoid:1\n",
        N_FEATURES - 1
    );
    line(&mut text, "feature_names", N_FEATURES, |idx| {
        format!("x{idx}")
    });
    let mut random = 7;
    text.push('\n');
    for idx in 0..N_TREES {
        tree(&mut text, idx, &mut random);
    }
    text.push_str("end of trees\n");
    text
}

fn opening(criterion: &mut Criterion) {
    let text = model();
    let path = std::env::temp_dir().join(format!("open_lightgbm.{}.txt", std::process::id()));
    if std::fs::write(&path, &text).is_err() {
        return;
    }
    let mut group = criterion.benchmark_group("open a LightGBM text model");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(20);
    group.bench_function("1000 trees of 63 leaves", |bencher| {
        bencher.iter(|| black_box(open(&path, &Limits::default()).is_ok()));
    });
    group.bench_function("of it reading the file", |bencher| {
        bencher.iter(|| black_box(std::fs::read(&path).map(|bytes| bytes.len()).ok()));
    });
    group.finish();
    let _removed = std::fs::remove_file(&path);
}

criterion_group!(benches, opening);
criterion_main!(benches);
