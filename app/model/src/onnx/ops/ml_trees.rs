//! `TreeEnsembleClassifier`, `TreeEnsembleRegressor` (versions 1 and 3) and `TreeEnsemble` (version 5).
//!
//! In: attributes. Out: [`Trees`], every position checked.
//!
//! Knows the attributes; [`crate::onnx::ops::tree_source`] makes flat arrays of what they say.

use std::collections::HashMap;
use std::sync::Arc;

use crate::onnx::kernel::{Built, Fault, Spec};
use crate::onnx::ops::tree_source::{Branch, Child, Mode, Source, count, finish};
use crate::onnx::post::Post;
use crate::onnx::tensor::{Data, Kind, Tensor};
use crate::onnx::trees::{Aggregate, Classes, Trees};

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
    let n_outputs = count(spec.int("n_targets", 1), "n_targets", spec.limits.n_outputs)?;
    let splits = needed(spec, "nodes_splits")?;
    let kind = splits.kind();
    let values = splits.doubles()?;
    let modes = needed(spec, "nodes_modes")?.longs()?;
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
    let leaves = leaves(spec, n_outputs)?;
    let n_leaves = leaves.len();
    let mut source = Source {
        leaves,
        ..Source::default()
    };
    let child = |position: i64, is_leaf: i64| {
        let (limit, what) = if is_leaf == 0 {
            (n_nodes, "node")
        } else {
            (n_leaves, "leaf")
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

fn needed(spec: &Spec<'_>, name: &str) -> Result<Data, Fault> {
    let tensor = spec.tensor(name)?;
    Ok(tensor.ok_or(format!("it has no '{name}'"))?.data)
}

/// Leaves of version 5: one weight each.
fn leaves(spec: &Spec<'_>, n_outputs: usize) -> Result<Vec<Vec<(usize, f64)>>, Fault> {
    let weights = needed(spec, "leaf_weights")?.doubles()?;
    let targets = spec.ints("leaf_targetids").unwrap_or_default();
    if targets.len() != weights.len() {
        return Err(format!(
            "{} leaf weights, {} leaf targets",
            weights.len(),
            targets.len()
        )
        .into());
    }
    let mut leaves = Vec::with_capacity(weights.len());
    for (target, weight) in targets.iter().zip(weights) {
        let output = usize::try_from(*target).ok();
        let output = output
            .filter(|output| *output < n_outputs)
            .ok_or_else(|| format!("a leaf adds to output {target} of {n_outputs}"))?;
        leaves.push(vec![(output, weight)]);
    }
    Ok(leaves)
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
