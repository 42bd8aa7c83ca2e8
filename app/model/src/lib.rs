//! Model files to predictions and tree ensembles.
//!
//! In: a model file, or a table to train on. Out: a [`Model`] that predicts.
//!
//! A file is parsed, never executed: sizes, depths and indices are bounded and checked before
//! anything is predicted. Knows no project and no plugin.

pub mod error;

pub mod batch;

pub mod ensemble;

mod limits;

mod nearest;

mod encode;

mod learned;

mod xgboost;

mod open;

mod train;

pub use batch::{Batch, BatchColumn, BatchValues, Target};
pub use ensemble::TreeEnsemble;
pub use error::ModelError;
pub use learned::Learned;
pub use limits::Limits;
pub use open::open;
pub use train::{TrainSpec, train};

/// What a model says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelInfo {
    /// `xgboost-json`, `interlock-random-forest`…
    pub format: String,
    /// Its inputs, in its order.
    pub features: Vec<FeatureInfo>,
    /// Figures per row that [`Model::predict`] gives.
    pub n_outputs: usize,
    /// Class names in the order of the outputs, `[negative, positive]` for binary; empty where the
    /// file does not say and for regression.
    pub classes: Vec<String>,
    /// Whether [`Model::ensemble`] gives one.
    pub has_ensemble: bool,
}

/// One input of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureInfo {
    /// Its name; `f0`, `f1`… if the file does not say.
    pub name: String,
}

/// An open model.
pub trait Model {
    /// What it says of itself.
    fn info(&self) -> &ModelInfo;

    /// One row of `n_outputs` figures per row of the batch: the probability of the positive class for
    /// binary models, the value for regression, else a probability per class.
    ///
    /// # Errors
    /// If the batch lacks an input, or holds text where the model takes numbers.
    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError>;

    /// As [`Model::predict`], before the link function: log-odds for logistic models.
    ///
    /// # Errors
    /// As [`Model::predict`], and if the model has no such scores.
    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError>;

    /// Its trees, if it is made of trees over its very inputs.
    fn ensemble(&self) -> Option<TreeEnsemble>;
}
