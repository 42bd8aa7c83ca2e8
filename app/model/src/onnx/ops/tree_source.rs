//! Trees as files list them, to flat arrays.
//!
//! In: decisions, leaves and roots. Out: [`Trees`], every position checked.
//!
//! A comparison `>` or `>=` becomes its opposite with the children exchanged. A set of members becomes
//! a chain of equalities. Knows no attributes.

use crate::ensemble::{Comparison, TreeEnsemble};
use crate::onnx::kernel::{Fault, Spec};
use crate::onnx::post::Post;
use crate::onnx::tensor::Kind;
use crate::onnx::trees::{Aggregate, Trees, forest};

/// A decision as the file has it.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) feature: i64,
    pub(super) mode: Mode,
    pub(super) value: f64,
    pub(super) yes: Child,
    pub(super) no: Child,
    pub(super) tracks_true: bool,
    /// Values of [`Mode::Member`].
    pub(super) members: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    Member,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Child {
    Branch(usize),
    Leaf(usize),
    /// The comparison with a later member of the same set.
    Member(usize, usize),
}

/// Trees as the file has them.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) branches: Vec<Branch>,
    /// Output and value of each weight of a leaf.
    pub(super) leaves: Vec<Vec<(usize, f64)>>,
    pub(super) roots: Vec<Child>,
}

/// A count within a limit.
pub(super) fn count(number: i64, what: &str, limit: usize) -> Result<usize, Fault> {
    match usize::try_from(number) {
        Ok(0) | Err(_) => Err(format!("its {what} is {number}").into()),
        Ok(number) if number > limit => Err(Fault::TooLarge(format!(
            "{number} {what}, the limit is {limit}"
        ))),
        Ok(number) => Ok(number),
    }
}

/// Trees as flat arrays.
pub(super) fn finish(
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
    if let Some(branch) = source.branches.iter().find(|branch| branch.feature < 0) {
        return Err(format!("a decision compares column {}", branch.feature).into());
    }
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
