//! CatBoost's trees as flat arrays.
//!
//! In: the [`Parts`] of a file and where its inputs are. Out: a [`TreeEnsemble`] over the inputs, then
//! the statistics of categories.
//!
//! An oblivious tree of depth d becomes 2^d leaves below its last split, which is the order CatBoost's
//! own SHAP values go down. Knows no batch.

use crate::catboost::parts::{MAX_DEPTH, Node, Parts, Tree, damaged};
use crate::ensemble::{Comparison, TreeEnsemble};
use crate::error::ModelError;
use crate::limits::Limits;

/// A split, as a node of the arrays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    /// Column of the value.
    pub(super) column: u32,
    /// How it is compared.
    pub(super) comparison: Comparison,
    /// With what.
    pub(super) threshold: f64,
    /// Whether the split holds where the comparison does; else it fails there.
    pub(super) holds_if_met: bool,
    /// Whether the split holds for missing values.
    pub(super) holds_if_missing: bool,
}

/// What the ensemble begins with, and how many values of each leaf it takes.
pub(super) struct Frame {
    /// All but the trees.
    pub(super) ensemble: TreeEnsemble,
    /// Values kept per leaf, at most those the file has.
    pub(super) n_kept: usize,
}

/// Appends the trees.
pub(super) fn build(
    parts: &Parts,
    conditions: &[Condition],
    frame: Frame,
    limits: &Limits,
) -> Result<TreeEnsemble, ModelError> {
    let mut builder = Builder {
        trees: frame.ensemble,
        conditions,
        n_outputs: parts.n_outputs,
        n_kept: frame.n_kept,
    };
    for (idx, tree) in parts.trees.iter().enumerate() {
        let n_nodes = match tree {
            Tree::Oblivious { splits, .. } if splits.len() > MAX_DEPTH => {
                return Err(ModelError::TooLarge(format!(
                    "tree {idx} is {} deep, the limit is {MAX_DEPTH}",
                    splits.len()
                )));
            }
            Tree::Oblivious { splits, .. } => (2 << splits.len()) - 1,
            Tree::Free { nodes, .. } => nodes.len(),
        };
        let n_all = builder.trees.n_nodes() + n_nodes;
        if n_all > limits.n_nodes {
            return Err(ModelError::TooLarge(format!(
                "{n_all} nodes up to tree {idx}, the limit is {}",
                limits.n_nodes
            )));
        }
        builder
            .add(tree)
            .map_err(|what| damaged(format!("tree {idx}: {what}")))?;
    }
    let mut trees = builder.trees;
    if trees.cover.iter().any(|cover| cover.is_nan()) {
        trees.cover.clear();
    }
    Ok(trees)
}

struct Builder<'a> {
    trees: TreeEnsemble,
    conditions: &'a [Condition],
    n_outputs: usize,
    n_kept: usize,
}

impl Builder<'_> {
    fn add(&mut self, tree: &Tree) -> Result<(), String> {
        let start = self.trees.n_nodes();
        self.trees.tree_starts.push(position(start)?);
        self.trees.tree_outputs.push(if self.n_kept == 1 {
            0
        } else {
            TreeEnsemble::ALL_OUTPUTS
        });
        match tree {
            Tree::Oblivious {
                splits,
                leaves,
                weights,
            } => self.add_oblivious(start, splits, leaves, weights)?,
            Tree::Free { nodes, leaves } => self.add_free(start, nodes, leaves)?,
        }
        self.sum_covers(start);
        Ok(())
    }

    fn add_oblivious(
        &mut self,
        start: usize,
        splits: &[i64],
        leaves: &[f64],
        weights: &[f64],
    ) -> Result<(), String> {
        let n_leaves = 1_usize << splits.len();
        if leaves.len() != n_leaves * self.n_outputs {
            return Err(format!(
                "{} leaf values for {n_leaves} leaves of {} outputs",
                leaves.len(),
                self.n_outputs
            ));
        }
        if !weights.is_empty() && weights.len() != n_leaves {
            return Err(format!(
                "{} leaf weights for {n_leaves} leaves",
                weights.len()
            ));
        }
        // Level by level: node `at` has the children `2 at + 1` and `2 at + 2`.
        for (level, split) in splits.iter().rev().enumerate() {
            let condition = self.condition(*split)?;
            let first = (1 << level) - 1;
            for at in first..2 * first + 1 {
                self.push_split(condition, start + 2 * at + 1, start + 2 * at + 2)?;
            }
        }
        for leaf in 0..n_leaves {
            let weight = weights.get(leaf).copied();
            self.push_leaf(&leaves[leaf * self.n_outputs..][..self.n_outputs], weight);
        }
        Ok(())
    }

    fn add_free(&mut self, start: usize, nodes: &[Node], leaves: &[f64]) -> Result<(), String> {
        for (at, node) in nodes.iter().enumerate() {
            match node {
                Node::Leaf { first, weight } => {
                    let values = leaves.get(*first..first.saturating_add(self.n_outputs));
                    self.push_leaf(values.ok_or("a leaf has no values")?, *weight);
                }
                Node::Split {
                    split,
                    fails,
                    holds,
                } => {
                    for child in [fails, holds] {
                        if *child <= at || *child >= nodes.len() {
                            return Err(format!("node {at} points to node {child}"));
                        }
                    }
                    self.push_split(self.condition(*split)?, start + fails, start + holds)?;
                }
            }
        }
        Ok(())
    }

    fn condition(&self, split: i64) -> Result<Condition, String> {
        let found = usize::try_from(split)
            .ok()
            .and_then(|split| self.conditions.get(split));
        found.copied().ok_or_else(|| {
            format!(
                "it uses split {split}, the inputs have {}",
                self.conditions.len()
            )
        })
    }

    fn push_split(&mut self, is: Condition, fails: usize, holds: usize) -> Result<(), String> {
        let (yes, no) = if is.holds_if_met {
            (holds, fails)
        } else {
            (fails, holds)
        };
        let trees = &mut self.trees;
        trees.feature.push(is.column);
        trees.comparison.push(is.comparison);
        trees.value.push(is.threshold);
        trees.yes.push(position(yes)?);
        trees.no.push(position(no)?);
        trees
            .missing_goes_yes
            .push(is.holds_if_missing == is.holds_if_met);
        trees.cover.push(0.0);
        Ok(())
    }

    fn push_leaf(&mut self, values: &[f64], weight: Option<f64>) {
        let trees = &mut self.trees;
        trees.feature.push(TreeEnsemble::LEAF);
        trees.comparison.push(Comparison::LessOrEqual);
        if self.n_kept == 1 {
            trees.value.push(values[0]);
        } else {
            trees
                .value
                .push((trees.leaf_rows.len() / self.n_kept) as f64);
            trees.leaf_rows.extend_from_slice(&values[..self.n_kept]);
        }
        trees.yes.push(0);
        trees.no.push(0);
        trees.missing_goes_yes.push(false);
        trees.cover.push(weight.unwrap_or(f64::NAN));
    }

    /// The training weight of a node is that of its leaves. Children stand behind their parents.
    fn sum_covers(&mut self, start: usize) {
        let trees = &mut self.trees;
        for at in (start..trees.n_nodes()).rev() {
            if !trees.is_leaf(at) {
                let (yes, no) = (trees.yes[at] as usize, trees.no[at] as usize);
                trees.cover[at] = trees.cover[yes] + trees.cover[no];
            }
        }
    }
}

fn position(node: usize) -> Result<u32, String> {
    u32::try_from(node).map_err(|_more| "too many nodes".to_owned())
}
