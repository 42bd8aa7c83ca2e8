//! Tree ensembles as flat arrays.
//!
//! In: what a model reader gives. Out: [`TreeEnsemble`], for checks that look inside the model.

use serde::{Deserialize, Serialize};

/// Many trees whose leaf values add up to a margin per output.
///
/// `margin[output] = base[output] + Σ value of the leaf a row reaches, over trees of that output`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TreeEnsemble {
    /// Input names; nodes name inputs by position here.
    pub features: Vec<String>,
    /// Number of margins per row.
    pub n_outputs: u32,
    /// What is added to each margin.
    pub base: Vec<f64>,
    /// How a margin becomes what `predict` gives.
    pub link: Link,
    /// Whether values and thresholds are compared in single precision.
    pub is_single_precision: bool,
    /// First node of each tree in the node arrays; a tree ends where the next begins.
    pub tree_starts: Vec<u32>,
    /// The output each tree adds to; [`TreeEnsemble::ALL_OUTPUTS`] if its leaves have a value for each.
    pub tree_outputs: Vec<u32>,
    /// Per node: position in `features`; [`TreeEnsemble::LEAF`] marks a leaf.
    pub feature: Vec<u32>,
    /// Per node: how the value is compared with the threshold.
    pub comparison: Vec<Comparison>,
    /// Per inner node: the threshold; per leaf: the value it adds, or its row in `leaf_rows` if the
    /// tree adds to all outputs.
    pub value: Vec<f64>,
    /// Per node: the child for rows that meet the comparison, as a position in the node arrays.
    pub yes: Vec<u32>,
    /// Per node: the child for rows that do not.
    pub no: Vec<u32>,
    /// Per node: whether a missing value goes to `yes`.
    pub missing_goes_yes: Vec<bool>,
    /// Per node: whether zero (up to 1e-35) counts as missing; empty if nowhere.
    pub zero_is_missing: Vec<bool>,
    /// Per node: how much training weight passed it; empty if the source does not say.
    pub cover: Vec<f64>,
    /// Leaf values of trees that add to all outputs: `leaf_rows[row * n_outputs + output]`.
    pub leaf_rows: Vec<f64>,
    /// Category sets of [`Comparison::In`] nodes, one bit per category, 64 to a word.
    pub category_words: Vec<u64>,
    /// Per node: first word of its set in `category_words`, and how many words; empty if no node
    /// compares categories.
    pub category_ranges: Vec<(u32, u32)>,
}

impl TreeEnsemble {
    /// The feature of a leaf.
    pub const LEAF: u32 = u32::MAX;

    /// The output of a tree whose leaves have a value for every output.
    pub const ALL_OUTPUTS: u32 = u32::MAX;
}

/// When a row goes to `yes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `x < threshold`, as in XGBoost.
    #[default]
    Less,
    /// `x <= threshold`, as in LightGBM and scikit-learn.
    LessOrEqual,
    /// `x == threshold`, as in one-hot splits.
    Equal,
    /// The category (`x` without its fraction) is in the node's set. Negative and larger ones are not.
    In,
}

/// How margins become what `predict` gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// As they are.
    #[default]
    Identity,
    /// `1 / (1 + exp(-margin))`, for each output.
    Logistic,
    /// `1 / (1 + exp(-slope * margin))`, for each output.
    SteepLogistic {
        /// The slope.
        slope: f64,
    },
    /// `exp(margin_i) / Σ exp(margin_j)`.
    Softmax,
    /// `exp(margin)`.
    Exponential,
    /// `ln(1 + exp(margin))`.
    Softplus,
    /// `sign(margin) * margin²`.
    SignedSquare,
    /// 1 above zero, else 0.
    Step,
    /// The standard normal distribution function.
    Probit,
}
