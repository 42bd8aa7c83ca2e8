//! A model trained here: what it learned, as a file and as a [`Model`].
//!
//! In: parameters from training, or the bytes of a file written before. Out: predictions. The file is
//! a magic, then MessagePack; reading it back gives the same predictions to the bit.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::encode::{Encoder, Input};
use crate::ensemble::Link;
use crate::error::ModelError;
use crate::limits::Limits;
use crate::{Model, ModelInfo, TreeEnsemble};

/// First bytes of a file; the digit is the version.
pub(crate) const MAGIC: &[u8; 8] = b"ILMODEL1";

/// The name of the format in messages.
pub(crate) const FORMAT: &str = "interlock";

/// A model trained here.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    content: Content,
    info: ModelInfo,
}

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

impl Learned {
    pub(crate) fn new(content: Content) -> Result<Self, ModelError> {
        content.check().map_err(|reason| ModelError::Damaged {
            format: FORMAT,
            reason,
        })?;
        let features = content.encoder.inputs.iter().map(Input::info);
        let n_classes = content.classes.len();
        let info = ModelInfo {
            format: format!("{FORMAT}-{}", content.algorithm),
            features: features.collect(),
            n_outputs: if n_classes > 2 { n_classes } else { 1 },
            classes: content.classes.clone(),
            ..ModelInfo::default()
        };
        Ok(Self { content, info })
    }

    /// Reads what [`Learned::save`] wrote.
    pub(crate) fn read(bytes: &[u8], _limits: &Limits) -> Result<Self, ModelError> {
        let body = bytes.get(MAGIC.len()..).unwrap_or_default();
        let content = rmp_serde::from_slice(body).map_err(|error| ModelError::Damaged {
            format: FORMAT,
            reason: error.to_string(),
        })?;
        Self::new(content)
    }

    /// Writes the model to a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let failed = |source| ModelError::File {
            path: path.to_owned(),
            source,
        };
        let mut bytes = MAGIC.to_vec();
        let body = rmp_serde::to_vec_named(&self.content)
            .map_err(|error| failed(std::io::Error::other(error)))?;
        bytes.extend(body);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(path, bytes).map_err(failed)
    }

    /// One row of raw scores per row.
    fn scores(&self, batch: &Batch<'_>) -> Result<(usize, Vec<f64>), ModelError> {
        let width = self.content.encoder.width();
        let matrix = self.content.encoder.encode(batch, None)?;
        let n_outputs = self.content.n_scores();
        let mut scores = Vec::with_capacity(batch.n_rows * n_outputs);
        // A table may have no columns at all; its rows are then all alike.
        let rows = (0..batch.n_rows).map(|row| &matrix[row * width..(row + 1) * width]);
        for row in rows {
            self.content.scorer.score(row, n_outputs, &mut scores);
        }
        Ok((n_outputs, scores))
    }
}

impl Content {
    /// Scores per row.
    fn n_scores(&self) -> usize {
        match &self.scorer {
            Scorer::Mean { n_outputs, .. } => *n_outputs,
            Scorer::Sum { base, .. } | Scorer::Linear { base, .. } => base.len(),
        }
    }

    fn check(&self) -> Result<(), String> {
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
    fn score(&self, row: &[f64], n_outputs: usize, scores: &mut Vec<f64>) {
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

impl Model for Learned {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let (n_scores, mut scores) = self.scores(batch)?;
        match &self.content.scorer {
            // Two votes per row; the positive class stands second.
            Scorer::Mean { .. } if n_scores == 2 => {
                Ok(scores.chunks_exact(2).map(|votes| votes[1]).collect())
            }
            Scorer::Mean { .. } => Ok(scores),
            Scorer::Sum { link, .. } | Scorer::Linear { link, .. } => {
                let link = Link::from(*link);
                scores
                    .chunks_exact_mut(n_scores.max(1))
                    .for_each(|row| link.apply(row));
                Ok(scores)
            }
        }
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        match &self.content.scorer {
            Scorer::Mean { .. } if !self.content.classes.is_empty() => Err(ModelError::Batch(
                "a forest votes; it has no scores before the link".to_owned(),
            )),
            Scorer::Mean { .. } | Scorer::Sum { .. } | Scorer::Linear { .. } => {
                Ok(self.scores(batch)?.1)
            }
        }
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        None
    }
}
