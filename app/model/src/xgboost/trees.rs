//! The file's trees as one ensemble.
//!
//! In: trees as the file holds them. Out: their nodes, appended to a [`TreeEnsemble`]. Each array is
//! checked for its length here; where nodes point is checked when all are there.

use super::file::Tree;
use crate::ensemble::{Comparison, TreeEnsemble};

/// Category numbers from here on are invalid to XGBoost: singles no longer tell them apart.
const MAX_CATEGORY: i32 = 1 << 24;

/// Words of category sets over all trees at most: 128 MB.
const MAX_CATEGORY_WORDS: usize = 1 << 24;

/// Where a leaf's values stand in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leaves {
    /// In the node itself.
    Single,
    /// A row of `leaf_weights`, which `right_children` names.
    RowPerLeaf,
    /// A row of `base_weights` for each node.
    RowPerNode,
}

/// Appends one tree that adds to `output`, each value times `factor`.
pub(super) fn add(
    trees: &mut TreeEnsemble,
    tree: &Tree,
    output: u32,
    factor: f32,
) -> Result<(), String> {
    let n_nodes = tree.left_children.len();
    check_lengths(tree, n_nodes)?;
    let leaves = leaves(tree, n_nodes, trees.n_outputs as usize)?;
    let start = u32::try_from(trees.n_nodes())
        .ok()
        .filter(|start| (*start as usize).checked_add(n_nodes).is_some_and(fits))
        .ok_or("there are more than 2^32 nodes")?;
    trees.tree_starts.push(start);
    trees.tree_outputs.push(match leaves {
        Leaves::Single => output,
        Leaves::RowPerLeaf | Leaves::RowPerNode => TreeEnsemble::ALL_OUTPUTS,
    });
    let place = |node: usize, child: i32| {
        let child = u32::try_from(child)
            .ok()
            .filter(|child| (*child as usize) < n_nodes);
        child
            .map(|child| start + child)
            .ok_or_else(|| format!("node {node} points outside it: it has {n_nodes} nodes"))
    };
    for at in 0..n_nodes {
        let is_leaf = tree.left_children[at] < 0;
        let (feature, value, yes, no) = if is_leaf {
            let value = match leaves {
                Leaves::Single => f64::from(tree.split_conditions[at] * factor),
                Leaves::RowPerLeaf | Leaves::RowPerNode => row(trees, tree, at, leaves)?,
            };
            (TreeEnsemble::LEAF, value, 0, 0)
        } else {
            let feature = u32::try_from(tree.split_indices[at])
                .map_err(|_negative| "it splits by an input that is not there")?;
            let value = f64::from(tree.split_conditions[at]);
            let yes = place(at, tree.left_children[at])?;
            (feature, value, yes, place(at, tree.right_children[at])?)
        };
        trees.feature.push(feature);
        trees.comparison.push(Comparison::Less);
        trees.value.push(value);
        trees.yes.push(yes);
        trees.no.push(no);
        trees.missing_goes_yes.push(tree.default_left[at] != 0);
    }
    let covers = tree.sum_hessian.iter().copied().map(f64::from);
    trees
        .cover
        .extend(covers.chain(std::iter::repeat(0.0)).take(n_nodes));
    if tree.split_type.iter().any(|kind| *kind != 0) {
        add_categories(trees, tree, start as usize)?;
    }
    Ok(())
}

fn fits(n: usize) -> bool {
    u32::try_from(n).is_ok()
}

fn check_lengths(tree: &Tree, n_nodes: usize) -> Result<(), String> {
    if n_nodes == 0 {
        return Err("it has no nodes".to_owned());
    }
    for (what, length, may_be_empty) in [
        ("right_children", tree.right_children.len(), false),
        ("split_indices", tree.split_indices.len(), false),
        ("split_conditions", tree.split_conditions.len(), false),
        ("default_left", tree.default_left.len(), false),
        ("split_type", tree.split_type.len(), true),
        ("sum_hessian", tree.sum_hessian.len(), true),
    ] {
        if length != n_nodes && !(may_be_empty && length == 0) {
            return Err(format!("'{what}' has {length} values for {n_nodes} nodes"));
        }
    }
    Ok(())
}

fn leaves(tree: &Tree, n_nodes: usize, n_outputs: usize) -> Result<Leaves, String> {
    let size = tree.n_leaf_values;
    if size <= 1 {
        return Ok(Leaves::Single);
    }
    if size != n_outputs {
        return Err(format!(
            "its leaves have {size} values, the model {n_outputs} outputs"
        ));
    }
    if !tree.leaf_weights.is_empty() {
        return Ok(Leaves::RowPerLeaf);
    }
    if tree.base_weights.len() / size != n_nodes {
        return Err(format!(
            "'base_weights' has {} values for {n_nodes} nodes of {size}",
            tree.base_weights.len()
        ));
    }
    Ok(Leaves::RowPerNode)
}

/// Appends a leaf's values; their row's position.
fn row(trees: &mut TreeEnsemble, tree: &Tree, at: usize, leaves: Leaves) -> Result<f64, String> {
    let size = tree.n_leaf_values;
    let (values, row) = if leaves == Leaves::RowPerLeaf {
        (
            &tree.leaf_weights,
            usize::try_from(tree.right_children[at]).ok(),
        )
    } else {
        (&tree.base_weights, Some(at))
    };
    let values = row
        .and_then(|row| values.chunks_exact(size).nth(row))
        .ok_or_else(|| format!("the values of leaf {at} are not there"))?;
    let position = trees.leaf_rows.len() / size;
    trees
        .leaf_rows
        .extend(values.iter().copied().map(f64::from));
    Ok(position as f64)
}

/// Turns the splits by category into sets: rows in the set go right, all others left.
fn add_categories(trees: &mut TreeEnsemble, tree: &Tree, start: usize) -> Result<(), String> {
    trees.category_ranges.resize(trees.n_nodes(), (0, 0));
    let lists = tree
        .categories_nodes
        .iter()
        .zip(&tree.categories_segments)
        .zip(&tree.categories_sizes);
    let n_lists = tree.categories_nodes.len();
    if n_lists != tree.categories_segments.len() || n_lists != tree.categories_sizes.len() {
        return Err("its lists of categories differ in length".to_owned());
    }
    for ((node, first), size) in lists {
        let there = |number: i32| usize::try_from(number).unwrap_or(usize::MAX);
        let node = there(*node);
        let range = there(*first)..there(*first).saturating_add(there(*size));
        let is_split = tree.split_type.get(node) == Some(&1) && tree.left_children[node] >= 0;
        if !is_split {
            return Err(format!(
                "node {node} has categories and does not split by them"
            ));
        }
        let categories = tree
            .categories
            .get(range)
            .ok_or_else(|| format!("the categories of node {node} are not there"))?;
        let words = set(categories).map_err(|what| format!("node {node}: {what}"))?;
        if trees.category_words.len() + words.len() > MAX_CATEGORY_WORDS {
            return Err("the category sets are larger than 128 MB".to_owned());
        }
        let at = start + node;
        let is_new = trees.comparison[at] != Comparison::In;
        if !is_new {
            return Err(format!("node {node} has two lists of categories"));
        }
        let range = (trees.category_words.len(), words.len());
        trees.category_ranges[at] = (
            u32::try_from(range.0).unwrap_or(u32::MAX),
            u32::try_from(range.1).unwrap_or(u32::MAX),
        );
        trees.category_words.extend(words);
        trees.comparison[at] = Comparison::In;
        trees.value[at] = 0.0;
        let (left, right) = (trees.yes[at], trees.no[at]);
        (trees.yes[at], trees.no[at]) = (right, left);
        trees.missing_goes_yes[at] = !trees.missing_goes_yes[at];
    }
    let is_bare = |node: &usize| {
        tree.split_type[*node] != 0
            && tree.left_children[*node] >= 0
            && trees.comparison[start + node] != Comparison::In
    };
    match (0..tree.left_children.len()).find(is_bare) {
        Some(node) => Err(format!("node {node} splits by categories it does not list")),
        None => Ok(()),
    }
}

fn set(categories: &[i32]) -> Result<Vec<u64>, String> {
    let mut words = Vec::new();
    for category in categories {
        let bit = usize::try_from(*category)
            .ok()
            .filter(|_is_not_negative| *category < MAX_CATEGORY)
            .ok_or_else(|| format!("'{category}' is no category"))?;
        if words.len() <= bit / 64 {
            words.resize(bit / 64 + 1, 0);
        }
        words[bit / 64] |= 1_u64 << (bit % 64);
    }
    Ok(words)
}
