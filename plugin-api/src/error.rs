//! Why a check could not do its work.
//!
//! In: a kind and a message. Out: [`CheckError`], which crosses the border as bytes and which the
//! host shows as *error* or, for a missing input, as *skipped*; never as a verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckErrorKind {
    /// An input the check needs is not there; the host shows the check as skipped.
    MissingInput,
    /// An input is there but cannot be used: a text column where numbers are needed.
    UnsuitableInput,
    /// A setting is wrong.
    BadParameter,
    /// The model refused to predict.
    Model,
    /// The host asked to stop.
    Cancelled,
    /// The check panicked; the message holds the panic's message and location.
    Panic,
    /// Anything else.
    Failed,
}

/// Why a check could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckError {
    /// What kind of trouble.
    pub kind: CheckErrorKind,
    /// A lowercase fragment that fits after "failed to run the check:".
    pub message: String,
}

impl CheckError {
    /// An error of this kind.
    pub fn new(kind: CheckErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// An input that is not there.
    pub fn missing_input(message: impl Into<String>) -> Self {
        Self::new(CheckErrorKind::MissingInput, message)
    }

    /// An input that cannot be used.
    pub fn unsuitable(message: impl Into<String>) -> Self {
        Self::new(CheckErrorKind::UnsuitableInput, message)
    }

    /// Any other failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(CheckErrorKind::Failed, message)
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CheckError {}
