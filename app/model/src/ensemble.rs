//! Tree ensembles as flat arrays.
//!
//! In: what a model reader found. Out: [`TreeEnsemble`], field by field the one of the plugin API, so
//! that its encoding with named fields is the same.

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
    /// Whether values and thresholds were single precision in the source.
    pub is_single_precision: bool,
    /// First node of each tree; a tree ends where the next begins.
    pub tree_starts: Vec<u32>,
    /// The output each tree adds to.
    pub tree_outputs: Vec<u32>,
    /// Per node: position in `features`; `u32::MAX` marks a leaf.
    pub feature: Vec<u32>,
    /// Per node: how the value is compared.
    pub comparison: Vec<Comparison>,
    /// Per inner node: the threshold; per leaf: the value it adds.
    pub value: Vec<f64>,
    /// Per node: where rows go that meet the comparison.
    pub yes: Vec<u32>,
    /// Per node: where rows go that do not.
    pub no: Vec<u32>,
    /// Per node: whether a missing value goes to `yes`.
    pub missing_goes_yes: Vec<bool>,
    /// Per node: how much training weight passed it; empty if the source does not say.
    pub cover: Vec<f64>,
}

/// When a row goes to `yes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `x < threshold`.
    #[default]
    Less,
    /// `x <= threshold`.
    LessOrEqual,
}

/// How margins become what `predict` gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// As they are.
    #[default]
    Identity,
    /// `1 / (1 + exp(-margin))`.
    Logistic,
    /// `exp(margin_i) / Σ exp(margin_j)`.
    Softmax,
    /// `exp(margin)`.
    Exponential,
}

impl Link {
    /// Applies the link to one row of margins.
    pub(crate) fn apply(self, row: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Logistic => row
                .iter_mut()
                .for_each(|margin| *margin = 1.0 / (1.0 + (-*margin).exp())),
            Self::Exponential => row.iter_mut().for_each(|margin| *margin = margin.exp()),
            Self::Softmax => {
                let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                for margin in row.iter_mut() {
                    *margin = (*margin - greatest).exp();
                }
                let total: f64 = row.iter().sum();
                for margin in row.iter_mut() {
                    *margin /= total;
                }
            }
        }
    }
}
