//! Tree ensembles as flat arrays: the one form of every format that is made of trees.
//!
//! In: what a model reader found. Out: [`TreeEnsemble`], field by field the one of the plugin API, so
//! that its encoding with named fields is the same.
//!
//! Says what a model is; [`crate::forest`] predicts with it.

use serde::Serialize;

/// Many trees whose leaf values add up to a margin per output.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
    /// First node of each tree; a tree ends where the next begins.
    pub tree_starts: Vec<u32>,
    /// The output each tree adds to; [`TreeEnsemble::ALL_OUTPUTS`] if its leaves have a value for each.
    pub tree_outputs: Vec<u32>,
    /// Per node: position in `features`; [`TreeEnsemble::LEAF`] marks a leaf.
    pub feature: Vec<u32>,
    /// Per node: how the value is compared.
    pub comparison: Vec<Comparison>,
    /// Per inner node: the threshold; per leaf: the value it adds, or its row in `leaf_rows` if the
    /// tree adds to all outputs.
    pub value: Vec<f64>,
    /// Per node: where rows go that meet the comparison, as a position in the node arrays.
    pub yes: Vec<u32>,
    /// Per node: where rows go that do not.
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

/// When a row goes to `yes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
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

impl TreeEnsemble {
    /// The feature of a leaf.
    pub const LEAF: u32 = u32::MAX;

    /// The output of a tree whose leaves have a value for every output.
    pub const ALL_OUTPUTS: u32 = u32::MAX;

    /// Number of nodes over all trees.
    pub fn n_nodes(&self) -> usize {
        self.feature.len()
    }

    /// The node after the last one of a tree.
    pub fn tree_end(&self, tree: usize) -> usize {
        self.tree_starts
            .get(tree + 1)
            .map_or(self.n_nodes(), |next| *next as usize)
    }

    /// Whether this is a leaf.
    pub fn is_leaf(&self, node: usize) -> bool {
        self.feature[node] == Self::LEAF
    }

    /// Makes sure that every position is there, that every walk ends, and that no leaf is infinite or
    /// no number.
    ///
    /// # Errors
    /// A sentence that names the tree.
    pub fn check(&self) -> Result<(), String> {
        self.check_lengths()?;
        for (tree, start) in self.tree_starts.iter().enumerate() {
            let (start, end) = (*start as usize, self.tree_end(tree));
            if start >= end || end > self.n_nodes() {
                return Err(format!("tree {tree} has no nodes"));
            }
            let output = self.tree_outputs[tree];
            if output != Self::ALL_OUTPUTS && output >= self.n_outputs {
                return Err(format!("tree {tree} adds to an output that is not there"));
            }
            self.check_tree(start, end, output == Self::ALL_OUTPUTS)
                .map_err(|what| format!("tree {tree}: {what}"))?;
        }
        Ok(())
    }

    fn check_lengths(&self) -> Result<(), String> {
        let n_nodes = self.n_nodes();
        let or_empty = |length: usize| length == 0 || length == n_nodes;
        let are_whole = [
            self.comparison.len(),
            self.value.len(),
            self.yes.len(),
            self.no.len(),
            self.missing_goes_yes.len(),
        ]
        .iter()
        .all(|length| *length == n_nodes);
        let are_optional = or_empty(self.cover.len())
            && or_empty(self.zero_is_missing.len())
            && or_empty(self.category_ranges.len());
        if !are_whole || !are_optional || self.tree_outputs.len() != self.tree_starts.len() {
            return Err("the arrays of the trees differ in length".to_owned());
        }
        if self.base.len() != self.n_outputs as usize {
            return Err(format!(
                "{} base values for {} outputs",
                self.base.len(),
                self.n_outputs
            ));
        }
        if self
            .base
            .iter()
            .chain(&self.leaf_rows)
            .any(|value| !value.is_finite())
        {
            return Err("a base or leaf value is not finite".to_owned());
        }
        Ok(())
    }

    fn check_tree(&self, start: usize, end: usize, has_rows: bool) -> Result<(), String> {
        let n_rows = self.leaf_rows.len() / (self.n_outputs as usize).max(1);
        let mut is_child = vec![false; end - start];
        let mut waiting = vec![start];
        while let Some(at) = waiting.pop() {
            let value = self.value[at];
            if self.is_leaf(at) {
                let is_row = value >= 0.0 && value.fract() == 0.0 && value < n_rows as f64;
                if !value.is_finite() || (has_rows && !is_row) {
                    return Err(format!("leaf {} has the value {value}", at - start));
                }
                continue;
            }
            if self.feature[at] as usize >= self.features.len() {
                return Err("it splits by an input that is not there".to_owned());
            }
            if self.comparison[at] == Comparison::In {
                let range = self.category_ranges.get(at).copied().unwrap_or_default();
                if range.0 as usize + range.1 as usize > self.category_words.len() {
                    return Err("a category set is not there".to_owned());
                }
            } else if value.is_nan() {
                return Err(format!(
                    "the threshold of node {} is not a number",
                    at - start
                ));
            }
            for child in [self.yes[at] as usize, self.no[at] as usize] {
                if !(start..end).contains(&child) || child == start {
                    return Err("a node points outside it".to_owned());
                }
                if std::mem::replace(&mut is_child[child - start], true) {
                    return Err(format!("node {} has two parents", child - start));
                }
                waiting.push(child);
            }
        }
        Ok(())
    }

    /// Leaves over all trees, and the number of decisions on the longest way down.
    pub fn n_leaves_and_depth(&self) -> (usize, usize) {
        let mut deepest = 0;
        let mut n_leaves = 0;
        for start in &self.tree_starts {
            let mut waiting = vec![(*start as usize, 0)];
            while let Some((at, depth)) = waiting.pop() {
                if self.is_leaf(at) {
                    n_leaves += 1;
                    deepest = deepest.max(depth);
                } else {
                    waiting.push((self.yes[at] as usize, depth + 1));
                    waiting.push((self.no[at] as usize, depth + 1));
                }
            }
        }
        (n_leaves, deepest)
    }
}

impl Link {
    /// What rows of margins, one after the other, become.
    pub(crate) fn applied(self, mut margins: Vec<f64>, n_outputs: usize) -> Vec<f64> {
        for row in margins.chunks_exact_mut(n_outputs.max(1)) {
            self.apply(row);
        }
        margins
    }

    /// Applies the link to one row of margins.
    pub(crate) fn apply(self, row: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Logistic => each(row, |margin| 1.0 / (1.0 + (-margin).exp())),
            Self::SteepLogistic { slope } => {
                each(row, |margin| 1.0 / (1.0 + (-slope * margin).exp()));
            }
            Self::Exponential => each(row, f64::exp),
            // Above 37 the two agree to the last bit, and the exponential cannot overflow.
            Self::Softplus => each(row, |margin| {
                if margin > 37.0 {
                    margin
                } else {
                    margin.exp().ln_1p()
                }
            }),
            Self::SignedSquare => each(row, |margin| margin.abs() * margin),
            Self::Step => each(row, |margin| f64::from(u8::from(margin > 0.0))),
            Self::Probit => each(row, |margin| 0.5 * erfc(-margin / std::f64::consts::SQRT_2)),
            Self::Softmax => {
                let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                each(row, |margin| (margin - greatest).exp());
                let total: f64 = row.iter().sum();
                each(row, |margin| margin / total);
            }
        }
    }
}

fn each(row: &mut [f64], change: impl Fn(f64) -> f64) {
    for margin in row {
        *margin = change(*margin);
    }
}

/// The complementary error function, to 1.2e-7 relative.
///
/// Source: W. J. Cody's rational form as simplified in Numerical Recipes, 2nd edition, section 6.2
/// (`erfcc`); single precision is what ONNX computes it in.
fn erfc(x: f64) -> f64 {
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let z = x.abs();
    let t = 1.0 / (1.0 + 0.5 * z);
    let polynomial = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    let value = t * (-z * z + polynomial).exp();
    if x >= 0.0 { value } else { 2.0 - value }
}
