//! The model, as a check asks it.
//!
//! In: [`Features`]. Out: [`Predictions`]. The model itself runs on the host's side of the border.

use abi_stable::std_types::{RResult, RVec};

use crate::border::{HostHandle, HostTableRef};
use crate::ensemble::TreeEnsemble;
use crate::error::{CheckError, CheckErrorKind};
use crate::facts::{ModelFacts, Task};
use crate::features::{BorderColumns, Features};
use crate::wire;

/// The model of the project.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    pub(crate) table: HostTableRef,
    pub(crate) handle: HostHandle,
    pub(crate) facts: &'a ModelFacts,
    pub(crate) task: Task,
}

/// What a model says about some rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Number of rows.
    pub n_rows: usize,
    /// Figures per row: 1 for binary (probability of the positive class) and regression, else one
    /// probability per class, in the order of `ModelFacts::classes`.
    pub n_outputs: usize,
    /// `values[row * n_outputs + output]`.
    pub values: Vec<f64>,
}

impl Predictions {
    /// The figures of a row.
    ///
    /// # Panics
    /// If `row` is not below `n_rows`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_outputs..(row + 1) * self.n_outputs]
    }

    /// The class decided for a row, as a position in `ModelFacts::classes`: with one output 1 if
    /// the probability is at least `threshold`, else 0; with several the most probable, the first
    /// of equals.
    ///
    /// # Panics
    /// If `row` is not below `n_rows`.
    pub fn class(&self, row: usize, threshold: f64) -> usize {
        let row = self.row(row);
        if let [probability] = row {
            return usize::from(*probability >= threshold);
        }
        let mut best = 0;
        for (class, probability) in row.iter().enumerate() {
            if *probability > row[best] {
                best = class;
            }
        }
        best
    }
}

impl<'a> Model<'a> {
    /// What the model says of itself.
    pub fn facts(&self) -> &'a ModelFacts {
        self.facts
    }

    /// What the model is asked.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Predicts; see [`Predictions`] for the shape.
    ///
    /// # Errors
    /// [`CheckErrorKind::Model`] if the model refuses the rows, naming the column.
    pub fn predict(&self, features: &Features) -> Result<Predictions, CheckError> {
        let columns = BorderColumns::new(features);
        let mut values = RVec::with_capacity(features.n_rows);
        let views = columns.views();
        let n_rows = features.n_rows as u64;
        let answer =
            self.table.predict()(self.handle, n_rows, views.as_slice().into(), &mut values);
        predictions(features.n_rows, values, answer)
    }

    /// Predicts in margin space: log-odds for classification, the value itself for regression.
    /// Where the host has no margins, they are the logarithm of the odds of the probability (of
    /// each probability, for several classes), finite only strictly between 0 and 1.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn margins(&self, features: &Features) -> Result<Predictions, CheckError> {
        let Some(margins) = self.table.margins() else {
            let mut found = self.predict(features)?;
            if self.task != Task::Regression {
                for value in &mut found.values {
                    *value = (*value / (1.0 - *value)).ln();
                }
            }
            return Ok(found);
        };
        let columns = BorderColumns::new(features);
        let mut values = RVec::with_capacity(features.n_rows);
        let views = columns.views();
        let answer = margins(
            self.handle,
            features.n_rows as u64,
            views.as_slice().into(),
            &mut values,
        );
        predictions(features.n_rows, values, answer)
    }

    /// The trees of the model; `None` if it has none or the host cannot give them.
    ///
    /// # Errors
    /// If what the host gave cannot be read.
    pub fn ensemble(&self) -> Result<Option<TreeEnsemble>, CheckError> {
        let Some(ensemble) = self.table.ensemble() else {
            return Ok(None);
        };
        let bytes = ensemble(self.handle);
        if bytes.is_empty() {
            return Ok(None);
        }
        wire::decode(&bytes, "the tree ensemble").map(Some)
    }
}

fn predictions(
    n_rows: usize,
    values: RVec<f64>,
    answer: RResult<u32, RVec<u8>>,
) -> Result<Predictions, CheckError> {
    let n_outputs = match answer.into_result() {
        Ok(n_outputs) => n_outputs as usize,
        Err(bytes) => {
            return Err(wire::decode(&bytes, "the model's error").unwrap_or_else(|error| error));
        }
    };
    if n_outputs == 0 || values.len() != n_rows.saturating_mul(n_outputs) {
        let message = format!("the model gave {} figures for {n_rows} rows", values.len());
        return Err(CheckError::new(CheckErrorKind::Model, message));
    }
    Ok(Predictions {
        n_rows,
        n_outputs,
        values: values.into_vec(),
    })
}
