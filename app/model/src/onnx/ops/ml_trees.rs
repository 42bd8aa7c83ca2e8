//! `TreeEnsembleClassifier`, `TreeEnsembleRegressor` (versions 1 and 3) and `TreeEnsemble` (version 5).
//!
//! In: attributes. Out: [`Trees`], every position checked.
//!
//! A comparison `>` or `>=` becomes its opposite with the children exchanged. A set of members becomes
//! a chain of equalities, as `onnxruntime` walks it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ensemble::{Comparison, TreeEnsemble};
use crate::onnx::kernel::{Built, Fault, Spec};
use crate::onnx::post::Post;
use crate::onnx::tensor::{Data, Kind, Tensor};
use crate::onnx::trees::{Aggregate, Classes, Trees, forest};

/// A decision as the file has it.
#[derive(Debug, Clone)]
struct Branch {
    feature: i64,
    mode: Mode,
    value: f64,
    yes: Child,
    no: Child,
    tracks_true: bool,
    /// Values of [`Mode::Member`].
    members: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    Member,
}

#[derive(Debug, Clone, Copy)]
enum Child {
    Branch(usize),
    Leaf(usize),
    /// The comparison with a later member of the same set.
    Member(usize, usize),
}

/// Trees as the file has them.
#[derive(Debug, Default)]
struct Source {
    branches: Vec<Branch>,
    /// Output and value of each weight of a leaf.
    leaves: Vec<Vec<(usize, f64)>>,
    roots: Vec<Child>,
}

/// Makes an operator with trees ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    let trees = match spec.node.op_type.as_str() {
        "TreeEnsembleRegressor" => regressor(spec)?,
        "TreeEnsembleClassifier" => classifier(spec)?,
        "TreeEnsemble" => ensemble(spec)?,
        _ => return Ok(None),
    };
    let trees = Arc::new(trees);
    let (running, scoring) = (Arc::clone(&trees), Arc::clone(&trees));
    let mut built = Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let n_rows = input.matrix()?.0;
        budget.spend(n_rows.saturating_mul(running.forest.trees().tree_starts.len()))?;
        running.run(input)
    });
    if trees.is_transformed() {
        built.scores = Some(Box::new(move |args, _budget| {
            let (n_rows, scores) = scoring.scores(args.at(0)?)?;
            let shape = vec![n_rows, scores.len() / n_rows.max(1)];
            Ok(vec![Tensor::new(shape, Data::Double(scores))?])
        }));
    }
    built.trees = Some(trees);
    Ok(Some(built))
}

fn regressor(spec: &Spec<'_>) -> Result<Trees, Fault> {
    let aggregate = match spec.text("aggregate_function", "SUM").as_str() {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => return Err(format!("its aggregate_function '{other}' is unknown").into()),
    };
    let n_outputs = count(spec.int("n_targets", 1), "n_targets", spec.limits.n_outputs)?;
    let (source, is_double) = nested(spec, "target", n_outputs)?;
    let mut trees = finish(&source, n_outputs, !is_double, spec)?;
    trees.aggregate = aggregate;
    trees.base = bases(spec, n_outputs)?;
    trees.post = Post::named(&spec.text("post_transform", "NONE"))?;
    Ok(trees)
}

fn classifier(spec: &Spec<'_>) -> Result<Trees, Fault> {
    let labels = spec.labels().ok_or("it has no class labels".to_owned())?;
    let n_outputs = count(
        i64::try_from(labels.len()).unwrap_or(i64::MAX),
        "classes",
        spec.limits.n_outputs,
    )?;
    let (mut source, is_double) = nested(spec, "class", n_outputs)?;
    let mut has_weight = vec![false; n_outputs];
    let mut is_positive = true;
    for (output, value) in source.leaves.iter().flatten() {
        has_weight[*output] = true;
        is_positive &= *value >= 0.0;
    }
    // Two classes whose weights all name the second one share its score.
    if n_outputs == 2 && has_weight == [false, true] && bases(spec, n_outputs)?.len() < 2 {
        for (output, _) in source.leaves.iter_mut().flatten() {
            *output = 0;
        }
        has_weight = vec![true, false];
    }
    let mut trees = finish(&source, n_outputs, !is_double, spec)?;
    trees.base = bases(spec, n_outputs)?;
    trees.post = Post::named(&spec.text("post_transform", "NONE"))?;
    trees.classes = Some(Classes {
        labels,
        has_weight,
        is_positive,
    });
    Ok(trees)
}

fn count(number: i64, what: &str, limit: usize) -> Result<usize, Fault> {
    match usize::try_from(number) {
        Ok(0) | Err(_) => Err(format!("its {what} is {number}").into()),
        Ok(number) if number > limit => Err(Fault::TooLarge(format!(
            "{number} {what}, the limit is {limit}"
        ))),
        Ok(number) => Ok(number),
    }
}

fn bases(spec: &Spec<'_>, n_outputs: usize) -> Result<Vec<f64>, Fault> {
    let (base, _) = spec.numbers("base_values")?;
    if base.iter().any(|value| !value.is_finite()) {
        return Err("a base value is not finite".to_owned().into());
    }
    if base.len() > 1 && base.len() != n_outputs {
        return Err(format!("{} base values for {n_outputs} outputs", base.len()).into());
    }
    Ok(base)
}

fn mode(name: &str) -> Result<Option<Mode>, String> {
    Ok(Some(match name {
        "BRANCH_LEQ" => Mode::LessOrEqual,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::GreaterOrEqual,
        "BRANCH_GT" => Mode::Greater,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::NotEqual,
        "LEAF" => return Ok(None),
        other => return Err(format!("the node mode '{other}' is unknown")),
    }))
}

/// The form of versions 1 and 3: nodes named by tree and number, weights in lists of their own.
fn nested(spec: &Spec<'_>, weights: &str, n_outputs: usize) -> Result<(Source, bool), Fault> {
    let ints = |name: &str| spec.ints(name).unwrap_or_default();
    let modes = spec.texts("nodes_modes").unwrap_or_default();
    let (trees, numbers) = (ints("nodes_treeids"), ints("nodes_nodeids"));
    let (features, yes, no) = (
        ints("nodes_featureids"),
        ints("nodes_truenodeids"),
        ints("nodes_falsenodeids"),
    );
    let tracks = ints("nodes_missing_value_tracks_true");
    let (values, is_double) = spec.numbers("nodes_values")?;
    let n_nodes = modes.len();
    if n_nodes > spec.limits.n_nodes {
        return Err(Fault::TooLarge(format!(
            "{n_nodes} nodes, the limit is {}",
            spec.limits.n_nodes
        )));
    }
    let lengths = [
        trees.len(),
        numbers.len(),
        features.len(),
        yes.len(),
        no.len(),
        values.len(),
    ];
    if n_nodes == 0 || lengths.iter().any(|length| *length != n_nodes) {
        return Err(format!(
            "its lists of nodes are empty or differ in length: {n_nodes} modes, {lengths:?}"
        )
        .into());
    }
    let mut source = Source::default();
    let mut places = HashMap::with_capacity(n_nodes);
    for idx in 0..n_nodes {
        let child = match mode(&modes[idx])? {
            None => {
                source.leaves.push(Vec::new());
                Child::Leaf(source.leaves.len() - 1)
            }
            Some(mode) => {
                source.branches.push(Branch {
                    feature: features[idx],
                    mode,
                    value: values[idx],
                    yes: Child::Leaf(0),
                    no: Child::Leaf(0),
                    tracks_true: tracks.get(idx).is_some_and(|tracks| *tracks != 0),
                    members: Vec::new(),
                });
                Child::Branch(source.branches.len() - 1)
            }
        };
        if places.insert((trees[idx], numbers[idx]), child).is_some() {
            return Err(
                format!("tree {}: node {} is there twice", trees[idx], numbers[idx]).into(),
            );
        }
        if idx == 0 || trees[idx] != trees[idx - 1] {
            source.roots.push(child);
        }
    }
    let place = |tree: i64, node: i64| {
        places
            .get(&(tree, node))
            .copied()
            .ok_or_else(|| format!("tree {tree}: a node points to node {node}, which is not there"))
    };
    for idx in 0..n_nodes {
        if let Child::Branch(at) = place(trees[idx], numbers[idx])? {
            source.branches[at].yes = place(trees[idx], yes[idx])?;
            source.branches[at].no = place(trees[idx], no[idx])?;
        }
    }
    add_weights(spec, weights, n_outputs, &mut source, &place)?;
    Ok((source, is_double))
}

fn add_weights(
    spec: &Spec<'_>,
    prefix: &str,
    n_outputs: usize,
    source: &mut Source,
    place: &impl Fn(i64, i64) -> Result<Child, String>,
) -> Result<(), Fault> {
    let ints = |name: &str| spec.ints(&format!("{prefix}_{name}")).unwrap_or_default();
    let (trees, nodes, ids) = (ints("treeids"), ints("nodeids"), ints("ids"));
    let (values, _) = spec.numbers(&format!("{prefix}_weights"))?;
    let lengths = [trees.len(), nodes.len(), ids.len()];
    if lengths.iter().any(|length| *length != values.len()) {
        return Err(format!(
            "its lists of leaf weights differ in length: {} weights, {lengths:?}",
            values.len()
        )
        .into());
    }
    for idx in 0..values.len() {
        let output = usize::try_from(ids[idx])
            .ok()
            .filter(|output| *output < n_outputs);
        let output = output.ok_or_else(|| {
            format!(
                "tree {}: a leaf adds to output {} of {n_outputs}",
                trees[idx], ids[idx]
            )
        })?;
        match place(trees[idx], nodes[idx])? {
            Child::Leaf(leaf) => source.leaves[leaf].push((output, values[idx])),
            Child::Branch(_) | Child::Member(..) => {
                return Err(format!(
                    "tree {}: node {} has a weight and is no leaf",
                    trees[idx], nodes[idx]
                )
                .into());
            }
        }
    }
    Ok(())
}

/// The form of version 5: one list of decisions, one of leaves.
fn ensemble(spec: &Spec<'_>) -> Result<Trees, Fault> {
    let ints = |name: &str| spec.ints(name).unwrap_or_default();
    let needed = |name: &str| -> Result<Tensor, Fault> {
        Ok(spec.tensor(name)?.ok_or(format!("it has no '{name}'"))?)
    };
    let n_outputs = count(spec.int("n_targets", 1), "n_targets", spec.limits.n_outputs)?;
    let splits = needed("nodes_splits")?.data;
    let kind = splits.kind();
    let values = splits.doubles()?;
    let modes = needed("nodes_modes")?.data.longs()?;
    let features = ints("nodes_featureids");
    let (yes, no) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let (yes_leaf, no_leaf) = (ints("nodes_trueleafs"), ints("nodes_falseleafs"));
    let tracks = ints("nodes_missing_value_tracks_true");
    let n_nodes = values.len();
    let lengths = [
        modes.len(),
        features.len(),
        yes.len(),
        no.len(),
        yes_leaf.len(),
        no_leaf.len(),
    ];
    if n_nodes == 0 || lengths.iter().any(|length| *length != n_nodes) {
        return Err(format!(
            "its lists of nodes are empty or differ in length: {n_nodes} splits, {lengths:?}"
        )
        .into());
    }
    let weights = needed("leaf_weights")?.data.doubles()?;
    let targets = ints("leaf_targetids");
    if targets.len() != weights.len() {
        return Err(format!(
            "{} leaf weights, {} leaf targets",
            weights.len(),
            targets.len()
        )
        .into());
    }
    let mut source = Source::default();
    for (target, weight) in targets.iter().zip(weights) {
        let output = usize::try_from(*target)
            .ok()
            .filter(|output| *output < n_outputs);
        let output =
            output.ok_or_else(|| format!("a leaf adds to output {target} of {n_outputs}"))?;
        source.leaves.push(vec![(output, weight)]);
    }
    let child = |position: i64, is_leaf: i64| {
        let (limit, what) = if is_leaf == 0 {
            (n_nodes, "node")
        } else {
            (targets.len(), "leaf")
        };
        let at = usize::try_from(position).ok().filter(|at| *at < limit);
        let at =
            at.ok_or_else(|| format!("a node points to {what} {position}, which is not there"))?;
        Ok::<Child, String>(if is_leaf == 0 {
            Child::Branch(at)
        } else {
            Child::Leaf(at)
        })
    };
    let mut members = members(spec)?.into_iter();
    for idx in 0..n_nodes {
        let mode = numbered(modes[idx])?;
        let own = if mode == Mode::Member {
            members.next().unwrap_or_default()
        } else {
            Vec::new()
        };
        source.branches.push(Branch {
            feature: features[idx],
            mode,
            value: values[idx],
            yes: child(yes[idx], yes_leaf[idx])?,
            no: child(no[idx], no_leaf[idx])?,
            tracks_true: tracks.get(idx).is_some_and(|tracks| *tracks != 0),
            members: own,
        });
    }
    for root in ints("tree_roots") {
        source.roots.push(child(root, 0)?);
    }
    let mut trees = finish(&source, n_outputs, kind != Kind::Double, spec)?;
    trees.kind = kind;
    trees.post = Post::numbered(spec.int("post_transform", 0))?;
    trees.aggregate = match spec.int("aggregate_function", 1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => return Err(format!("its aggregate_function {other} is unknown").into()),
    };
    Ok(trees)
}

/// Sets of members, one per node that has one, in node order; NaN stands between them.
fn members(spec: &Spec<'_>) -> Result<Vec<Vec<f64>>, Fault> {
    let values = match spec.tensor("membership_values")? {
        Some(tensor) => tensor.data.doubles()?,
        None => Vec::new(),
    };
    Ok(values
        .split(|value| value.is_nan())
        .map(<[f64]>::to_vec)
        .collect())
}

fn numbered(mode: i64) -> Result<Mode, String> {
    Ok(match mode {
        0 => Mode::LessOrEqual,
        1 => Mode::Less,
        2 => Mode::GreaterOrEqual,
        3 => Mode::Greater,
        4 => Mode::Equal,
        5 => Mode::NotEqual,
        6 => Mode::Member,
        other => return Err(format!("the node mode {other} is unknown")),
    })
}

/// Trees as flat arrays.
fn finish(
    source: &Source,
    n_outputs: usize,
    is_single: bool,
    spec: &Spec<'_>,
) -> Result<Trees, Fault> {
    let limits = spec.limits;
    if source.roots.is_empty() {
        return Err("it has no trees".to_owned().into());
    }
    if source.roots.len() > limits.n_trees {
        return Err(Fault::TooLarge(format!(
            "{} trees, the limit is {}",
            source.roots.len(),
            limits.n_trees
        )));
    }
    check(source)?;
    let greatest = source.branches.iter().map(|branch| branch.feature).max();
    let width = match greatest {
        None => 0,
        Some(feature) => count(feature.saturating_add(1), "inputs", limits.n_features)?,
    };
    let mut trees = TreeEnsemble {
        features: (0..width).map(|idx| format!("f{idx}")).collect(),
        n_outputs: u32::try_from(n_outputs).unwrap_or(u32::MAX),
        base: vec![0.0; n_outputs],
        is_single_precision: is_single,
        ..TreeEnsemble::default()
    };
    let mut present = Vec::new();
    for (tree, root) in source.roots.iter().enumerate() {
        emit(source, *root, &mut trees, &mut present, limits.n_nodes).map_err(
            |fault| match fault {
                Fault::Damaged(reason) => Fault::Damaged(format!("tree {tree}: {reason}")),
                other @ (Fault::Unsupported(..) | Fault::TooLarge(_)) => other,
            },
        )?;
    }
    Ok(Trees {
        forest: forest(trees, is_single)?,
        present,
        aggregate: Aggregate::Sum,
        base: Vec::new(),
        post: Post::None,
        classes: None,
        is_single,
        width,
        kind: Kind::Single,
    })
}

/// Every decision has one parent, so that every walk ends.
fn check(source: &Source) -> Result<(), String> {
    let mut is_seen = vec![false; source.branches.len()];
    let mut waiting = source.roots.clone();
    while let Some(child) = waiting.pop() {
        if let Child::Branch(at) = child {
            if std::mem::replace(&mut is_seen[at], true) {
                return Err(format!(
                    "decision {at} is reached twice: its tree has a cycle or shares a part"
                ));
            }
            waiting.push(source.branches[at].yes);
            waiting.push(source.branches[at].no);
        }
    }
    Ok(())
}

/// Appends one tree.
fn emit(
    source: &Source,
    root: Child,
    trees: &mut TreeEnsemble,
    present: &mut Vec<bool>,
    limit: usize,
) -> Result<(), Fault> {
    let output = single_output(source, root);
    trees.tree_starts.push(position(trees.n_nodes())?);
    trees
        .tree_outputs
        .push(output.map_or(Ok(TreeEnsemble::ALL_OUTPUTS), position)?);
    let mut waiting = vec![(root, None)];
    while let Some((child, parent)) = waiting.pop() {
        let at = trees.n_nodes();
        if at >= limit {
            return Err(Fault::TooLarge(format!("more than {limit} nodes")));
        }
        match parent {
            Some((parent, true)) => trees.yes[parent] = position(at)?,
            Some((parent, false)) => trees.no[parent] = position(at)?,
            None => {}
        }
        trees.yes.push(0);
        trees.no.push(0);
        match child {
            Child::Leaf(leaf) => {
                leaf_node(&source.leaves[leaf], output.is_some(), trees, present);
            }
            Child::Branch(branch) => branch_node(source, branch, 0, trees, &mut waiting)?,
            Child::Member(branch, member) => {
                branch_node(source, branch, member, trees, &mut waiting)?;
            }
        }
    }
    Ok(())
}

fn position(at: usize) -> Result<u32, Fault> {
    u32::try_from(at).map_err(|_more| Fault::TooLarge("more than 4 billion nodes".to_owned()))
}

/// The output all leaves of a tree add one value to, if there is one.
fn single_output(source: &Source, root: Child) -> Option<usize> {
    let mut output = None;
    let mut waiting = vec![root];
    while let Some(child) = waiting.pop() {
        match child {
            Child::Leaf(leaf) => match (source.leaves[leaf].as_slice(), output) {
                ([(own, _)], None) => output = Some(*own),
                ([(own, _)], Some(other)) if *own == other => {}
                _ => return None,
            },
            Child::Branch(at) | Child::Member(at, _) => {
                waiting.push(source.branches[at].yes);
                waiting.push(source.branches[at].no);
            }
        }
    }
    output
}

fn leaf_node(
    weights: &[(usize, f64)],
    is_single: bool,
    trees: &mut TreeEnsemble,
    present: &mut Vec<bool>,
) {
    let n_outputs = trees.n_outputs as usize;
    let value = match weights {
        [(_, value)] if is_single => *value,
        _ => {
            let first = trees.leaf_rows.len();
            trees.leaf_rows.resize(first + n_outputs, 0.0);
            present.resize(first + n_outputs, false);
            for (output, value) in weights {
                trees.leaf_rows[first + output] += value;
                present[first + output] = true;
            }
            (first / n_outputs) as f64
        }
    };
    trees.feature.push(TreeEnsemble::LEAF);
    trees.comparison.push(Comparison::Less);
    trees.value.push(value);
    trees.missing_goes_yes.push(false);
}

fn branch_node(
    source: &Source,
    at: usize,
    member: usize,
    trees: &mut TreeEnsemble,
    waiting: &mut Vec<(Child, Option<(usize, bool)>)>,
) -> Result<(), Fault> {
    let branch = &source.branches[at];
    let feature = u32::try_from(branch.feature)
        .map_err(|_negative| format!("decision {at} compares column {}", branch.feature))?;
    let (comparison, is_exchanged) = match branch.mode {
        Mode::LessOrEqual => (Comparison::LessOrEqual, false),
        Mode::Less => (Comparison::Less, false),
        Mode::GreaterOrEqual => (Comparison::Less, true),
        Mode::Greater => (Comparison::LessOrEqual, true),
        Mode::Equal | Mode::Member => (Comparison::Equal, false),
        Mode::NotEqual => (Comparison::Equal, true),
    };
    let (mut value, mut no) = (branch.value, branch.no);
    if branch.mode == Mode::Member {
        value = *branch
            .members
            .get(member)
            .ok_or_else(|| format!("decision {at} has no members"))?;
        if member + 1 < branch.members.len() {
            no = Child::Member(at, member + 1);
        }
    }
    // No number is unequal to every threshold.
    let goes_true = branch.tracks_true || branch.mode == Mode::NotEqual;
    let node = trees.feature.len();
    trees.feature.push(feature);
    trees.comparison.push(comparison);
    trees.value.push(value);
    trees.missing_goes_yes.push(goes_true != is_exchanged);
    waiting.push((no, Some((node, is_exchanged))));
    waiting.push((branch.yes, Some((node, !is_exchanged))));
    Ok(())
}
