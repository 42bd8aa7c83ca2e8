//! A model trained here: what it learned, as a file and as a [`Model`].
//!
//! In: parameters from training, or the bytes of a file written before. Out: predictions. The file is
//! a magic, then MessagePack; reading it back gives the same predictions to the bit.

mod content;

mod trees;

use std::path::Path;

pub(crate) use content::{Content, Node, SavedLink, Scorer, Tree};

use crate::batch::Batch;
use crate::encode::Input;
use crate::ensemble::Link;
use crate::error::ModelError;
use crate::forest::Forest;
use crate::limits::Limits;
use crate::{Model, ModelInfo, ModelTask, OutputSpace, TreeEnsemble, TreesInfo};

/// First bytes of a file; the digit is the version.
pub(crate) const MAGIC: &[u8; 8] = b"ILMODEL1";

/// The name of the format in messages.
pub(crate) const FORMAT: &str = "interlock";

/// A model trained here.
#[derive(Debug, Clone)]
pub struct Learned {
    content: Content,
    info: ModelInfo,
    /// Its trees over the inputs themselves; `None` for weighted sums.
    forest: Option<Forest>,
}

/// What was learned says all.
impl PartialEq for Learned {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Learned {
    pub(crate) fn new(content: Content) -> Result<Self, ModelError> {
        content.check().map_err(|reason| ModelError::Damaged {
            format: FORMAT,
            reason,
        })?;
        let forest = trees::forest(&content, FORMAT)?;
        let features = content.encoder.inputs.iter().map(Input::info);
        let n_classes = content.classes.len();
        let (task, space) = match n_classes {
            0 => (ModelTask::Regression, OutputSpace::Value),
            1 | 2 => (ModelTask::Binary, OutputSpace::Probability),
            _ => (ModelTask::Multiclass, OutputSpace::Probability),
        };
        let info = ModelInfo {
            format: format!("{FORMAT}-{}", content.algorithm),
            producer: FORMAT.to_owned(),
            task: Some(task),
            features: features.collect(),
            n_outputs: if n_classes > 2 { n_classes } else { 1 },
            space,
            classes: content.classes.clone(),
            trees: forest.as_ref().map(size),
            has_ensemble: forest.is_some(),
        };
        Ok(Self {
            content,
            info,
            forest,
        })
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

    /// One row of raw scores per row, `n_outputs` each; of two shares of votes only the second.
    fn scores(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let encoder = &self.content.encoder;
        if let Some(forest) = &self.forest {
            return Ok(forest.margins(&encoder.columns(batch)?, batch.n_rows));
        }
        self.scores_of_encoded(batch)
    }

    /// The scores one encoded row after the other, all of them.
    fn scores_of_encoded(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let encoder = &self.content.encoder;
        let width = encoder.width();
        let matrix = encoder.encode(batch, None)?;
        let n_outputs = self.content.n_scores();
        let mut scores = Vec::with_capacity(batch.n_rows * n_outputs);
        // A table may have no columns at all; its rows are then all alike.
        let rows = (0..batch.n_rows).map(|row| &matrix[row * width..(row + 1) * width]);
        for row in rows {
            self.content.scorer.score(row, n_outputs, &mut scores);
        }
        Ok(scores)
    }

    /// The predictions one encoded row after the other: what its trees must equal.
    #[cfg(test)]
    pub(crate) fn by_encoded_rows(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let scores = self.scores_of_encoded(batch)?;
        let mut predictions = Vec::new();
        for row in scores.chunks_exact(self.content.n_scores()) {
            match &self.content.scorer {
                Scorer::Mean { n_outputs: 2, .. } => predictions.push(row[1]),
                Scorer::Mean { .. } | Scorer::Sum { .. } | Scorer::Linear { .. } => {
                    let mut row = row.to_vec();
                    self.link().apply(&mut row);
                    predictions.extend(row);
                }
            }
        }
        Ok(predictions)
    }

    fn link(&self) -> Link {
        match &self.content.scorer {
            Scorer::Mean { .. } => Link::Identity,
            Scorer::Sum { link, .. } | Scorer::Linear { link, .. } => (*link).into(),
        }
    }
}

fn size(forest: &Forest) -> TreesInfo {
    let (n_leaves, depth) = forest.trees().n_leaves_and_depth();
    TreesInfo {
        n_trees: forest.trees().tree_starts.len(),
        n_leaves,
        depth,
    }
}

impl Model for Learned {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let scores = self.scores(batch)?;
        Ok(self.link().applied(scores, self.info.n_outputs))
    }

    /// Shares of votes are their own margins.
    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        self.scores(batch)
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        let forest = self.forest.as_ref()?;
        Some(trees::ensemble(&self.content, forest))
    }
}
