//! The linear booster: a weight per input and output.
//!
//! In: columns of numbers. Out: margins. Sums are in single precision and begin with bias and base
//! score, as XGBoost's do; a missing value adds nothing.
//!
//! XGBoost 3.1 and 3.2 estimate a base score for each output and then add the first one's to all of
//! them; so does this, to give the same margins.

use std::borrow::Cow;

/// Weights ready to predict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    /// `weights[input * n_outputs + output]`, then a bias per output.
    weights: Vec<f32>,
    n_outputs: usize,
    /// What the file's base score adds.
    base: f32,
}

impl Linear {
    /// Checks the weights.
    pub(super) fn new(weights: Vec<f32>, base: &[f32], n_features: usize) -> Result<Self, String> {
        let n_outputs = base.len();
        let n_expected = (n_features + 1) * n_outputs;
        if weights.is_empty() {
            return Err("it has no weights: it was saved before training".to_owned());
        }
        if weights.len() != n_expected {
            return Err(format!(
                "{} weights for {n_features} inputs, {n_outputs} outputs and a bias each: {n_expected} are expected",
                weights.len()
            ));
        }
        if let Some(position) = weights.iter().position(|weight| !weight.is_finite()) {
            return Err(format!("weight {position} is not finite"));
        }
        Ok(Self {
            weights,
            n_outputs,
            base: base.first().copied().unwrap_or_default(),
        })
    }

    /// `n_outputs` margins per row.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    pub(super) fn margins(&self, columns: &[Cow<'_, [f64]>], n_rows: usize) -> Vec<f64> {
        let n_outputs = self.n_outputs;
        let biases = &self.weights[columns.len() * n_outputs..];
        let mut margins = Vec::with_capacity(n_rows * n_outputs);
        for row in 0..n_rows {
            for (output, bias) in biases.iter().enumerate() {
                let mut sum = *bias + self.base;
                for (idx, column) in columns.iter().enumerate() {
                    let value = column[row] as f32;
                    if !value.is_nan() {
                        sum += value * self.weights[idx * n_outputs + output];
                    }
                }
                margins.push(f64::from(sum));
            }
        }
        margins
    }
}
