//! Why a model cannot be opened, trained or asked.

use std::path::PathBuf;

/// Why a model cannot be opened, trained or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file cannot be read or written.
    #[error("the model file '{path}': {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is of a kind that is not read.
    #[error("the model file '{path}' is {seen}; {advice}")]
    Unknown {
        /// Which.
        path: PathBuf,
        /// What it looks like.
        seen: String,
        /// What to do.
        advice: String,
    },
    /// The file does not hold together.
    #[error("the {format} model is damaged: {reason}")]
    Damaged {
        /// Format it claims.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The file holds something that is not supported.
    #[error("the {format} model has {part}, which is not supported; {advice}")]
    Unsupported {
        /// Its format.
        format: &'static str,
        /// What it has.
        part: String,
        /// What to do.
        advice: String,
    },
    /// The file is larger than the limits allow.
    #[error("the model is too large: {0}")]
    TooLarge(String),
    /// The rows do not fit the model.
    #[error("{0}")]
    Batch(String),
    /// A served model does not answer as it should.
    #[error("the served model failed: {0}")]
    Served(String),
    /// The model cannot be trained this way.
    #[error("{0}")]
    Training(String),
}
