//! Finds a model's inputs among the columns of a batch, and turns categories into the numbers the
//! model was trained with.
//!
//! In: a batch. Out: a column of numbers per input, in the model's order; NaN is missing.

use std::borrow::Cow;

use crate::batch::{Batch, BatchColumn, BatchValues, MISSING};
use crate::error::ModelError;
use crate::{FeatureInfo, FeatureKind};

/// What becomes of a category the model has not seen in training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unseen {
    /// This number.
    Number(f64),
    /// An error that names it.
    Refused,
}

/// The inputs of a model.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// In the model's order.
    pub(crate) features: Vec<FeatureInfo>,
    /// Whether they are found by name; else by position.
    pub(crate) has_names: bool,
    /// What becomes of unseen categories.
    pub(crate) unseen: Unseen,
}

impl Inputs {
    /// The batch's columns in the model's order, as numbers.
    ///
    /// # Errors
    /// Names the input that is not there, is of another length, or holds what the model cannot take.
    pub(crate) fn numbers<'b>(&self, batch: &Batch<'b>) -> Result<Vec<Cow<'b, [f64]>>, ModelError> {
        if !self.has_names && batch.columns.len() != self.features.len() {
            return Err(ModelError::Batch(format!(
                "the model takes {} inputs by position, {} are given: name them in model.features",
                self.features.len(),
                batch.columns.len()
            )));
        }
        let mut columns = Vec::with_capacity(self.features.len());
        for (idx, feature) in self.features.iter().enumerate() {
            let column = self.column(idx, batch)?;
            columns.push(match &feature.kind {
                FeatureKind::Categorical { categories } if !categories.is_empty() => {
                    self.coded(column, categories)?
                }
                FeatureKind::Unknown
                | FeatureKind::Numeric
                | FeatureKind::Categorical { .. }
                | FeatureKind::Text => column.numbers()?,
            });
        }
        Ok(columns)
    }

    /// The column of an input.
    ///
    /// # Errors
    /// If it is not there or of another length than the batch.
    pub(crate) fn column<'b, 'a>(
        &self,
        idx: usize,
        batch: &'b Batch<'a>,
    ) -> Result<&'b BatchColumn<'a>, ModelError> {
        let name = &self.features[idx].name;
        let column = if self.has_names {
            batch.columns.iter().find(|column| column.name == name)
        } else {
            batch.columns.get(idx)
        };
        let column = column.ok_or_else(|| {
            ModelError::Batch(format!(
                "the model needs the input '{name}', which is not there"
            ))
        })?;
        if column.values.len() != batch.n_rows {
            return Err(ModelError::Batch(format!(
                "the input '{}' has another length than its table",
                column.name
            )));
        }
        Ok(column)
    }

    /// Positions in the model's categories. Numbers stand for categories that are such numbers.
    fn coded<'b>(
        &self,
        column: &BatchColumn<'b>,
        categories: &[String],
    ) -> Result<Cow<'b, [f64]>, ModelError> {
        let position = |text: &str| {
            let found = categories.iter().position(|known| same(known, text));
            match (found, self.unseen) {
                (Some(position), _) => Ok(position as f64),
                (None, Unseen::Number(number)) => Ok(number),
                (None, Unseen::Refused) => Err(ModelError::Batch(format!(
                    "the input '{}' holds '{text}', a category the model has not seen in training",
                    column.name
                ))),
            }
        };
        match column.values {
            BatchValues::Categorical {
                codes,
                categories: own,
            } => {
                // Only categories that stand in the rows count: a list may hold more.
                let mut known: Vec<Option<f64>> = vec![None; own.len()];
                let mut numbers = Vec::with_capacity(codes.len());
                for code in codes {
                    let at = *code as usize;
                    let number = match known.get(at) {
                        _ if *code == MISSING => f64::NAN,
                        Some(Some(number)) => *number,
                        _ => {
                            let number = position(own.get(at).map_or("", String::as_str))?;
                            if let Some(slot) = known.get_mut(at) {
                                *slot = Some(number);
                            }
                            number
                        }
                    };
                    numbers.push(number);
                }
                Ok(Cow::Owned(numbers))
            }
            BatchValues::Numeric(values) => {
                let number = |value: &f64| {
                    if value.is_nan() {
                        Ok(f64::NAN)
                    } else {
                        position(&value.to_string())
                    }
                };
                values
                    .iter()
                    .map(number)
                    .collect::<Result<_, _>>()
                    .map(Cow::Owned)
            }
        }
    }
}

/// Whether a text names a category: the same text, or the same number. True is 1 and false is 0, as
/// columns of truth values come in either form.
fn same(known: &str, text: &str) -> bool {
    if known == text {
        return true;
    }
    match (number(known), number(text)) {
        #[expect(clippy::float_cmp, reason = "category 1 and category 1.0 are one")]
        (Some(known), Some(text)) => known == text,
        _ => false,
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_values_are_the_same_in_each_form() {
        for text in ["True", "true", "1", "1.0"] {
            assert!(same("True", text) && !same("False", text), "{text}");
        }
        for text in ["False", "false", "0", "0.0"] {
            assert!(same("False", text) && !same("True", text), "{text}");
        }
        assert!(!same("nurse", "true") && !same("True", "nurse"));
    }
}
