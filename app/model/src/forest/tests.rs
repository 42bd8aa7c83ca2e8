//! The fast ways against the plain one, to the bit, on random ensembles.
//!
//! Expected values come from `reference.rs`, which walks one row and one node at a time.

use std::borrow::Cow;

use super::plan::Shape;
use super::reference::add_margins;
use super::simd::Kernels;
use super::{Forest, Ready, Sums};
use crate::ensemble::{Comparison, TreeEnsemble};

/// A generator of the xorshift family (Marsaglia, 2003), shifts 13, 7, 17.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % n
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Often the same as others, at times at the edge.
    fn number(&mut self) -> f64 {
        match self.below(20) {
            0 => 0.0,
            1 => -0.0,
            2 => f64::INFINITY,
            3 => f64::NEG_INFINITY,
            4 => 1e-36,
            5 => -1e-35,
            6 => f64::MAX,
            7 => f64::from_bits(1),
            8..=13 => self.below(9) as f64 - 2.0,
            _ => self.below(2000) as f64 / 100.0 - 4.0,
        }
    }
}

/// What a random ensemble is like.
#[derive(Debug, Clone, Copy)]
struct Kind {
    n_features: usize,
    n_outputs: usize,
    n_trees: usize,
    depth: usize,
    /// Percent of nodes above the depth that are leaves.
    leaves: usize,
    is_single: bool,
    comparisons: &'static [Comparison],
    is_oblivious: bool,
}

const ALL: &[Comparison] = &[
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Equal,
    Comparison::In,
];

fn ensemble(kind: Kind, random: &mut Random) -> TreeEnsemble {
    let mut trees = TreeEnsemble {
        features: (0..kind.n_features).map(|at| format!("f{at}")).collect(),
        n_outputs: u32::try_from(kind.n_outputs).unwrap(),
        base: (0..kind.n_outputs)
            .map(|_| random.below(100) as f64 / 7.0)
            .collect(),
        is_single_precision: random.chance(50),
        ..TreeEnsemble::default()
    };
    let n_leaf_rows = 50;
    for _ in 0..n_leaf_rows * kind.n_outputs {
        trees.leaf_rows.push(leaf_value(kind, random));
    }
    for _ in 0..kind.n_trees {
        trees.tree_starts.push(trees.n_nodes().try_into().unwrap());
        let is_row = random.chance(20);
        trees.tree_outputs.push(if is_row {
            TreeEnsemble::ALL_OUTPUTS
        } else {
            random.below(kind.n_outputs).try_into().unwrap()
        });
        add_tree(&mut trees, kind, is_row, random);
    }
    trees
}

fn leaf_value(kind: Kind, random: &mut Random) -> f64 {
    let value = random.below(1_000_000) as f64 / 333.3 - 1500.0;
    if kind.is_single {
        super::to_single(value)
    } else {
        value
    }
}

fn add_tree(trees: &mut TreeEnsemble, kind: Kind, is_row: bool, random: &mut Random) {
    let own = push(trees);
    let mut waiting = vec![(own, 0)];
    let mut levels: Vec<usize> = Vec::new();
    while let Some((at, depth)) = waiting.pop() {
        let is_early = !kind.is_oblivious && random.chance(kind.leaves);
        if depth == kind.depth || is_early {
            trees.value[at] = if is_row {
                random.below(50) as f64
            } else {
                leaf_value(kind, random)
            };
            continue;
        }
        match levels.get(depth) {
            Some(known) if kind.is_oblivious => copy(trees, *known, at),
            _ => {
                decide(trees, at, kind, random);
                levels.push(at);
            }
        }
        let (yes, no) = (push(trees), push(trees));
        trees.yes[at] = yes.try_into().unwrap();
        trees.no[at] = no.try_into().unwrap();
        waiting.push((yes, depth + 1));
        waiting.push((no, depth + 1));
    }
}

/// A leaf of value 0.
fn push(trees: &mut TreeEnsemble) -> usize {
    trees.feature.push(TreeEnsemble::LEAF);
    trees.comparison.push(Comparison::Less);
    trees.value.push(0.0);
    trees.yes.push(0);
    trees.no.push(0);
    trees.missing_goes_yes.push(false);
    trees.zero_is_missing.push(false);
    trees.category_ranges.push((0, 0));
    trees.n_nodes() - 1
}

fn decide(trees: &mut TreeEnsemble, at: usize, kind: Kind, random: &mut Random) {
    trees.feature[at] = random.below(kind.n_features).try_into().unwrap();
    trees.comparison[at] = kind.comparisons[random.below(kind.comparisons.len())];
    trees.value[at] = random.number();
    trees.missing_goes_yes[at] = random.chance(50);
    trees.zero_is_missing[at] = random.chance(20);
    if trees.comparison[at] == Comparison::In {
        let first = trees.category_words.len();
        let n_words = random.below(3);
        for _ in 0..n_words {
            trees.category_words.push(random.next());
        }
        trees.category_ranges[at] = (first.try_into().unwrap(), n_words.try_into().unwrap());
    }
}

fn copy(trees: &mut TreeEnsemble, from: usize, to: usize) {
    trees.feature[to] = trees.feature[from];
    trees.comparison[to] = trees.comparison[from];
    trees.value[to] = trees.value[from];
    trees.missing_goes_yes[to] = trees.missing_goes_yes[from];
    trees.zero_is_missing[to] = trees.zero_is_missing[from];
    trees.category_ranges[to] = trees.category_ranges[from];
}

fn columns(n_features: usize, n_rows: usize, random: &mut Random) -> Vec<Cow<'static, [f64]>> {
    (0..n_features)
        .map(|_| {
            let share = random.below(30);
            let column = (0..n_rows).map(|_| {
                if random.chance(share) {
                    f64::NAN
                } else if random.chance(20) {
                    random.below(200) as f64 - 3.5
                } else {
                    random.number()
                }
            });
            column.collect()
        })
        .collect()
}

/// All the processor has.
fn all_kernels() -> Vec<Kernels> {
    let mut all = vec![Kernels::Portable, Kernels::best()];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        all.push(Kernels::Avx2);
    }
    all
}

/// Compares every way to predict; returns how the trees were made ready.
#[track_caller]
fn check(trees: TreeEnsemble, sums: Sums, n_rows: usize, random: &mut Random) -> Ready {
    let columns = columns(trees.features.len(), n_rows, random);
    let mut expected = Vec::new();
    add_margins(&trees, sums, &columns, 0..n_rows, &mut expected);
    let bits = |margins: &[f64]| margins.iter().map(|m| m.to_bits()).collect::<Vec<_>>();
    let forest = Forest::new(trees, sums, "random").unwrap();
    for kernels in all_kernels() {
        for n_threads in [1, 2, 3] {
            let actual = forest.margins_by(&columns, n_rows, n_threads, kernels);
            assert!(
                bits(&actual) == bits(&expected),
                "{kernels:?}, {n_threads} threads, {n_rows} rows"
            );
        }
    }
    assert_eq!(bits(&forest.margins(&columns, n_rows)), bits(&expected));
    forest.ready.into_inner().unwrap()
}

fn sums(is_single: bool, random: &mut Random) -> Sums {
    Sums {
        is_single,
        is_base_last: random.chance(30),
        scale: if random.chance(30) { 0.7 } else { 1.0 },
        divisor: if random.chance(30) { 3.0 } else { 1.0 },
    }
}

#[test]
fn every_way_to_predict_gives_the_same_bits() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..400 {
        let depth = 1 + random.below(if round % 10 == 0 { 16 } else { 8 });
        let kind = Kind {
            n_features: 1 + random.below(6),
            n_outputs: 1 + random.below(3),
            n_trees: random.below(12),
            depth,
            leaves: if depth > 8 { 20 } else { random.below(40) },
            is_single: random.chance(50),
            comparisons: if random.chance(50) { ALL } else { &ALL[..2] },
            is_oblivious: depth <= 9 && random.chance(25),
        };
        let sums = sums(kind.is_single, &mut random);
        let trees = ensemble(kind, &mut random);
        let n_rows = [0, 1, 2, 11, 12, 63, 64, 65, 256, 257, 700][random.below(11)];
        check(trees, sums, n_rows, &mut random);
    }
}

#[test]
fn each_shape_of_tree_is_met() {
    let mut random = Random(77);
    let kind = Kind {
        n_features: 3,
        n_outputs: 2,
        n_trees: 5,
        depth: 8,
        leaves: 0,
        is_single: false,
        comparisons: ALL,
        is_oblivious: true,
    };
    let shapes = |ready: &Ready| match ready {
        Ready::Double(plan) => plan.trees.iter().map(|tree| tree.shape).collect(),
        Ready::Single(_) | Ready::Plain => Vec::new(),
    };
    for (depth, is_oblivious) in [(8, true), (8, false), (9, false)] {
        let trees = ensemble(
            Kind {
                depth,
                is_oblivious,
                ..kind
            },
            &mut random,
        );
        let ready = check(trees, Sums::plain(false), 300, &mut random);
        let shapes = shapes(&ready);
        assert_eq!(shapes.len(), 5);
        assert!(
            shapes.iter().all(|shape| match shape {
                Shape::Levels { .. } => is_oblivious,
                Shape::Program { .. } => !is_oblivious && depth == 8,
                Shape::Walk => depth == 9,
            }),
            "{shapes:?}"
        );
    }
}

#[test]
fn more_thresholds_than_bytes_are_told_apart() {
    let mut random = Random(5);
    let mut trees = TreeEnsemble {
        features: vec!["x".to_owned()],
        n_outputs: 1,
        base: vec![0.0],
        ..TreeEnsemble::default()
    };
    for tree in 0..1200 {
        let start = push(&mut trees);
        trees.tree_starts.push(start.try_into().unwrap());
        trees.tree_outputs.push(0);
        trees.feature[start] = 0;
        trees.comparison[start] = ALL[tree % 3];
        trees.value[start] = f64::from(u32::try_from(tree).unwrap()) / 100.0 - 4.0;
        trees.missing_goes_yes[start] = random.chance(50);
        for side in 0..2 {
            let leaf = push(&mut trees);
            trees.value[leaf] = random.below(1000) as f64;
            let children = if side == 0 {
                &mut trees.yes
            } else {
                &mut trees.no
            };
            children[start] = leaf.try_into().unwrap();
        }
    }
    let ready = check(trees, Sums::plain(false), 3000, &mut random);
    assert!(matches!(ready, Ready::Double(_)));
}

#[test]
fn a_chain_of_nodes_is_walked_to_its_end() {
    let mut random = Random(11);
    for n_nodes in [1, 100, 255, 256, 3000] {
        let mut trees = TreeEnsemble {
            features: vec!["x".to_owned(), "y".to_owned()],
            n_outputs: 1,
            base: vec![0.5],
            tree_starts: vec![0],
            tree_outputs: vec![0],
            ..TreeEnsemble::default()
        };
        let mut at = push(&mut trees);
        for node in 0..n_nodes {
            decide(
                &mut trees,
                at,
                Kind {
                    n_features: 2,
                    n_outputs: 1,
                    n_trees: 1,
                    depth: 0,
                    leaves: 0,
                    is_single: false,
                    comparisons: &ALL[..2],
                    is_oblivious: false,
                },
                &mut random,
            );
            let (leaf, next) = (push(&mut trees), push(&mut trees));
            trees.value[leaf] = f64::from(node);
            trees.yes[at] = u32::try_from(leaf).unwrap();
            trees.no[at] = u32::try_from(next).unwrap();
            at = next;
        }
        check(trees, Sums::plain(false), 100, &mut random);
    }
}

#[test]
fn trees_that_share_much_are_walked_as_they_are() {
    let mut random = Random(3);
    // Every node asks for the same large set, every leaf names the same long row.
    let n_outputs = 200;
    let mut trees = TreeEnsemble {
        features: vec!["x".to_owned()],
        n_outputs,
        base: vec![0.0; n_outputs as usize],
        leaf_rows: vec![1.5; n_outputs as usize],
        category_words: vec![0x5555_5555_5555_5555; 50_000],
        ..TreeEnsemble::default()
    };
    for _ in 0..100 {
        let start = push(&mut trees);
        trees.tree_starts.push(start.try_into().unwrap());
        trees.tree_outputs.push(TreeEnsemble::ALL_OUTPUTS);
        trees.feature[start] = 0;
        trees.comparison[start] = Comparison::In;
        trees.category_ranges[start] = (0, 50_000);
        trees.yes[start] = push(&mut trees).try_into().unwrap();
        trees.no[start] = push(&mut trees).try_into().unwrap();
    }
    let ready = check(trees, Sums::plain(false), 20, &mut random);
    assert!(matches!(ready, Ready::Plain));
}
