//! What a CatBoost file holds, whichever of its two formats it is in.
//!
//! In: nothing; the readers fill it. Out: the parts, and the errors all of the format share.
//!
//! Positions are as in the file and not yet checked; [`super::trees`] and [`super::ctr`] do that.

use std::collections::HashMap;

use crate::error::ModelError;
use crate::limits::Limits;

/// The name of the format in messages.
pub(super) const FORMAT: &str = "catboost";

/// Deepest oblivious tree: 2^16 leaves. CatBoost trains no deeper ones.
pub(super) const MAX_DEPTH: usize = 16;

/// A file's content.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Values per leaf.
    pub(super) n_outputs: usize,
    /// What the sum of the trees is multiplied with.
    pub(super) scale: f64,
    /// What is added then, per output; empty for zeros.
    pub(super) bias: Vec<f64>,
    /// Numeric inputs.
    pub(super) floats: Vec<FloatInput>,
    /// Categorical inputs.
    pub(super) cats: Vec<CatInput>,
    /// Categories that trees compare with.
    pub(super) one_hots: Vec<OneHot>,
    /// Statistics of categories that trees compare.
    pub(super) ctrs: Vec<Ctr>,
    /// The counts these are computed from.
    pub(super) tables: Vec<CtrTable>,
    /// The trees.
    pub(super) trees: Vec<Tree>,
    /// The parameters it was trained with.
    pub(super) params: serde_json::Value,
    /// The classes.
    pub(super) class_params: serde_json::Value,
    /// What the library says of its version.
    pub(super) version: String,
}

/// A numeric input.
#[derive(Debug)]
pub(super) struct FloatInput {
    /// Position among the numeric inputs.
    pub(super) index: i64,
    /// Position among all inputs.
    pub(super) flat: i64,
    /// Its name, or empty.
    pub(super) name: String,
    /// What trees compare it with.
    pub(super) borders: Vec<f32>,
    /// Whether a missing value is above every border; else it is above none.
    pub(super) is_missing_above: bool,
}

/// A categorical input.
#[derive(Debug)]
pub(super) struct CatInput {
    /// Position among the categorical inputs.
    pub(super) index: i64,
    /// Position among all inputs.
    pub(super) flat: i64,
    /// Its name, or empty.
    pub(super) name: String,
}

/// Categories of one input that trees compare with.
#[derive(Debug, Default)]
pub(super) struct OneHot {
    /// Position among the categorical inputs.
    pub(super) cat: i64,
    /// Their hashes.
    pub(super) values: Vec<i32>,
    /// Their texts; empty if the file does not say.
    pub(super) texts: Vec<String>,
}

/// What the rows of a table of counts stand for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Projection {
    /// Categorical inputs by position among them.
    pub(super) cats: Vec<i64>,
    /// Numeric inputs by position among them, and the border they are above or not.
    pub(super) floats: Vec<(i64, f32)>,
    /// Categorical inputs and the hash they are or are not.
    pub(super) one_hots: Vec<(i64, i32)>,
}

/// How a statistic comes of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CtrKind {
    /// Share of targets above a border.
    Borders,
    /// Share of targets in a bucket.
    Buckets,
    /// Mean target.
    Mean,
    /// Number of rows.
    Count,
}

/// A statistic of categories.
#[derive(Debug)]
pub(super) struct Ctr {
    pub(super) projection: Projection,
    pub(super) kind: CtrKind,
    /// The border or bucket of the target.
    pub(super) target_border: i64,
    pub(super) prior_numerator: f32,
    pub(super) prior_denominator: f32,
    pub(super) shift: f32,
    pub(super) scale: f32,
    /// What trees compare it with.
    pub(super) borders: Vec<f32>,
    /// Position in [`Parts::tables`].
    pub(super) table: usize,
}

/// Counts per combination of categories.
#[derive(Debug, Default)]
pub(super) struct CtrTable {
    /// From a combination's hash to its row.
    pub(super) rows: HashMap<u64, usize>,
    /// Figures per row.
    pub(super) n_figures: usize,
    /// `figures[row * n_figures + figure]`.
    pub(super) figures: Vec<f64>,
    /// The greatest count, for counts.
    pub(super) denominator: i32,
}

/// A tree. Splits are positions among all borders of numeric inputs, then categories, then borders of
/// statistics.
#[derive(Debug)]
pub(super) enum Tree {
    /// The same split on a whole level: bit `k` of a leaf's position says whether split `k` holds.
    Oblivious {
        splits: Vec<i64>,
        /// `leaves[leaf * n_outputs + output]`.
        leaves: Vec<f64>,
        /// Per leaf; empty if the file does not say.
        weights: Vec<f64>,
    },
    /// Any nodes, children behind their parents; the first is the root.
    Free { nodes: Vec<Node>, leaves: Vec<f64> },
}

/// A node of a free tree.
#[derive(Debug)]
pub(super) enum Node {
    /// Rows go to `holds` where the split holds.
    Split {
        split: i64,
        fails: usize,
        holds: usize,
    },
    /// Its values begin at `first` in the leaves.
    Leaf { first: usize, weight: Option<f64> },
}

/// The file does not hold together.
pub(super) fn damaged(reason: String) -> ModelError {
    ModelError::Damaged {
        format: FORMAT,
        reason,
    }
}

/// The file holds what is not read.
pub(super) fn unsupported(part: impl Into<String>, advice: &str) -> ModelError {
    ModelError::Unsupported {
        format: FORMAT,
        part: part.into(),
        advice: advice.to_owned(),
    }
}

/// Texts and embeddings become numbers by means that are not read.
pub(super) fn unsupported_inputs(kind: &str) -> ModelError {
    unsupported(
        format!("{kind} inputs"),
        "train it with numeric and categorical inputs, or compute the numbers beforehand",
    )
}

/// Holds numbers against the limits before anything is made of them.
pub(super) fn within(counts: &[(&str, usize, usize)]) -> Result<(), ModelError> {
    for (what, number, limit) in counts {
        if number > limit {
            return Err(ModelError::TooLarge(format!(
                "{number} {what}, the limit is {limit}"
            )));
        }
    }
    Ok(())
}

impl CtrKind {
    /// By the name in JSON files.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Borders" => Self::Borders,
            "Buckets" => Self::Buckets,
            "BinarizedTargetMeanValue" | "FloatTargetMeanValue" => Self::Mean,
            "Counter" | "FeatureFreq" => Self::Count,
            _ => return None,
        })
    }
}

impl Parts {
    /// Holds the numbers against the limits.
    pub(super) fn check_limits(&self, limits: &Limits) -> Result<(), ModelError> {
        within(&[
            ("trees", self.trees.len(), limits.n_trees),
            (
                "inputs",
                self.floats.len() + self.cats.len(),
                limits.n_features,
            ),
            ("statistics", self.ctrs.len(), limits.n_features),
            ("outputs", self.n_outputs, limits.n_outputs),
        ])
    }
}
