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

mod bytes;

mod forest;

mod inputs;

mod encode;

mod learned;

mod xgboost;

mod lightgbm;

mod catboost;

mod onnx;

pub mod scan;

pub mod remote;

mod open;

mod train;

pub use batch::{Batch, BatchColumn, BatchValues, Target};
pub use ensemble::TreeEnsemble;
pub use error::ModelError;
pub use learned::Learned;
pub use limits::Limits;
pub use open::open;
pub use train::{TrainSpec, train};

/// What a model says of itself: its card.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelInfo {
    /// `xgboost-json`, `interlock-random-forest`…
    pub format: String,
    /// The library that wrote it and its version: `xgboost 3.2.0`; empty where the file does not say.
    pub producer: String,
    /// What it was trained for; `None` where the file does not say.
    pub task: Option<ModelTask>,
    /// Its inputs, in its order.
    pub features: Vec<FeatureInfo>,
    /// Figures per row that [`Model::predict`] gives.
    pub n_outputs: usize,
    /// What these figures are.
    pub space: OutputSpace,
    /// Class names in the order of the outputs, `[negative, positive]` for binary; empty where the
    /// file does not say and for regression.
    pub classes: Vec<String>,
    /// Its size, where it is made of trees.
    pub trees: Option<TreesInfo>,
    /// Whether [`Model::ensemble`] gives one.
    pub has_ensemble: bool,
}

/// What a model was trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelTask {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
    /// An order of rows.
    Ranking,
}

/// What a model's figures are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutputSpace {
    /// Probabilities, between 0 and 1.
    Probability,
    /// The predicted quantity itself.
    #[default]
    Value,
    /// A score with no scale of its own: greater means more likely, or earlier in the order.
    Score,
}

/// The size of a tree model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreesInfo {
    /// Number of trees.
    pub n_trees: usize,
    /// Leaves over all trees.
    pub n_leaves: usize,
    /// Decisions on the longest way down.
    pub depth: usize,
}

/// One input of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureInfo {
    /// Its name; `f0`, `f1`… if the file does not say.
    pub name: String,
    /// What it takes.
    pub kind: FeatureKind,
}

/// What an input takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FeatureKind {
    /// The file does not say.
    #[default]
    Unknown,
    /// Numbers.
    Numeric,
    /// One of these categories, which the model knows by their position; empty where the file knows
    /// them by number only.
    Categorical {
        /// In the model's order.
        categories: Vec<String>,
    },
    /// Any text.
    Text,
}

/// An open model.
pub trait Model: Send + Sync {
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
