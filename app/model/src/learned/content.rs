//! What a model trained here has learned, as it is written to a file.
//!
//! In: parameters from training or from a file. Out: their check, and scores of encoded rows one by
//! one: for weighted sums, and as what trees over the inputs themselves must equal.

use serde::{Deserialize, Serialize};

use crate::encode::Encoder;
use crate::ensemble::Link;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) algorithm: String,
    pub(crate) encoder: Encoder,
    /// `[negative, positive]` for binary, empty for regression.
    pub(crate) classes: Vec<String>,
    pub(crate) scorer: Scorer,
}

/// How an encoded row becomes scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Scorer {
    /// The mean of what the trees say; leaves hold one figure per output.
    Mean { n_outputs: usize, trees: Vec<Tree> },
    /// A base per output plus the sum of the trees of that output, then a link.
    Sum {
        base: Vec<f64>,
        trees: Vec<Tree>,
        outputs: Vec<usize>,
        link: SavedLink,
    },
    /// A weighted sum per output, then a link.
    Linear {
        weights: Vec<Vec<f64>>,
        base: Vec<f64>,
        link: SavedLink,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SavedLink {
    Identity,
    Logistic,
    Softmax,
}

impl From<SavedLink> for Link {
    fn from(link: SavedLink) -> Self {
        match link {
            SavedLink::Identity => Self::Identity,
            SavedLink::Logistic => Self::Logistic,
            SavedLink::Softmax => Self::Softmax,
        }
    }
}

/// A tree over encoded columns: `x[feature] <= threshold` goes to `yes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Node {
    Inner {
        feature: usize,
        threshold: f64,
        yes: usize,
        no: usize,
    },
    Leaf(Vec<f64>),
}

impl Tree {
    /// What the leaf says that a row reaches. Children stand after their parent (see `check`), so
    /// this ends.
    pub(crate) fn leaf(&self, row: &[f64]) -> (usize, &[f64]) {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Inner {
                    feature,
                    threshold,
                    yes,
                    no,
                } => {
                    at = if row[*feature] <= *threshold {
                        *yes
                    } else {
                        *no
                    };
                }
                Node::Leaf(values) => return (at, values),
            }
        }
    }

    fn check(&self, width: usize, leaf_width: usize) -> Result<(), String> {
        if self.nodes.is_empty() {
            return Err("a tree has no nodes".to_owned());
        }
        for (at, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Inner {
                    feature, yes, no, ..
                } => {
                    let is_below = |child: usize| child > at && child < self.nodes.len();
                    if *feature >= width || !is_below(*yes) || !is_below(*no) {
                        return Err(format!("node {at} of a tree points outside it"));
                    }
                }
                Node::Leaf(values) if values.len() != leaf_width => {
                    return Err(format!("leaf {at} of a tree has {} figures", values.len()));
                }
                Node::Leaf(_) => {}
            }
        }
        Ok(())
    }
}

impl Content {
    /// Scores per row.
    pub(crate) fn n_scores(&self) -> usize {
        match &self.scorer {
            Scorer::Mean { n_outputs, .. } => *n_outputs,
            Scorer::Sum { base, .. } | Scorer::Linear { base, .. } => base.len(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let width = self.encoder.width();
        let n_classes = self.classes.len();
        let expected = match &self.scorer {
            Scorer::Mean { .. } => n_classes.max(1),
            Scorer::Sum { .. } | Scorer::Linear { .. } => {
                if n_classes > 2 {
                    n_classes
                } else {
                    1
                }
            }
        };
        if self.n_scores() != expected {
            return Err(format!(
                "{} scores for {n_classes} classes",
                self.n_scores()
            ));
        }
        match &self.scorer {
            Scorer::Mean { n_outputs, trees } => {
                if trees.is_empty() {
                    return Err("a forest has no trees".to_owned());
                }
                trees
                    .iter()
                    .try_for_each(|tree| tree.check(width, *n_outputs))
            }
            Scorer::Sum {
                base,
                trees,
                outputs,
                ..
            } => {
                if outputs.len() != trees.len()
                    || outputs.iter().any(|output| *output >= base.len())
                {
                    return Err("trees and outputs do not match".to_owned());
                }
                trees.iter().try_for_each(|tree| tree.check(width, 1))
            }
            Scorer::Linear { weights, base, .. } => {
                if weights.len() != base.len() || weights.iter().any(|row| row.len() != width) {
                    return Err("weights and inputs do not match".to_owned());
                }
                Ok(())
            }
        }
    }
}

impl Scorer {
    pub(super) fn score(&self, row: &[f64], n_outputs: usize, scores: &mut Vec<f64>) {
        let start = scores.len();
        match self {
            Self::Mean { trees, .. } => {
                scores.resize(start + n_outputs, 0.0);
                for tree in trees {
                    let (_, values) = tree.leaf(row);
                    scores[start..]
                        .iter_mut()
                        .zip(values)
                        .for_each(|(score, value)| *score += value);
                }
                scores[start..]
                    .iter_mut()
                    .for_each(|score| *score /= trees.len() as f64);
            }
            Self::Sum {
                base,
                trees,
                outputs,
                ..
            } => {
                scores.extend(base);
                for (tree, output) in trees.iter().zip(outputs) {
                    scores[start + output] += tree.leaf(row).1[0];
                }
            }
            Self::Linear { weights, base, .. } => {
                for (weights, base) in weights.iter().zip(base) {
                    let products = weights
                        .iter()
                        .zip(row)
                        .map(|(weight, value)| weight * value);
                    scores.push(base + products.sum::<f64>());
                }
            }
        }
    }
}
