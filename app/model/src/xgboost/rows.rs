//! Rows as the model's trees and weights see them.
//!
//! In: a batch. Out: a column of numbers per input, in the model's order. Says what is missing where
//! a text does not tell its category. Knows no trees.

use std::borrow::Cow;

use super::names::Doubt;
use crate::FeatureKind;
use crate::batch::{Batch, BatchColumn, BatchValues, MISSING};
use crate::error::ModelError;
use crate::inputs::Inputs;

/// The inputs, and what is particular about their categories.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) inputs: Inputs,
    /// Inputs that trees split by category.
    pub(super) split_by_category: Vec<usize>,
    /// Inputs whose category names may be incomplete.
    pub(super) doubts: Vec<(usize, Doubt)>,
}

impl Rows {
    /// The batch's columns in the model's order.
    pub(super) fn columns<'b>(&self, batch: &Batch<'b>) -> Result<Vec<Cow<'b, [f64]>>, ModelError> {
        let numbers = if self.doubts.is_empty() {
            self.inputs.numbers(batch)
        } else {
            self.resolved(batch)?.numbers(batch)
        };
        let mut columns = numbers.map_err(|error| self.explained(error, batch))?;
        for idx in &self.split_by_category {
            // Whole parts would make -0.5 the category 0; to XGBoost every negative is invalid.
            if columns[*idx].iter().any(|value| *value < 0.0) {
                for value in columns[*idx].to_mut() {
                    *value = if *value < 0.0 { -1.0 } else { *value };
                }
            }
        }
        Ok(columns)
    }

    /// The inputs with the category names that the batch's texts tell.
    fn resolved(&self, batch: &Batch<'_>) -> Result<Inputs, ModelError> {
        let mut inputs = self.inputs.clone();
        for (idx, doubt) in &self.doubts {
            let Ok(column) = self.inputs.column(*idx, batch) else {
                // Told where all columns are looked for.
                continue;
            };
            let texts = texts(column);
            let Some(categories) = doubt.resolved(&texts) else {
                let holds = texts.join("', '");
                return Err(ModelError::Batch(format!(
                    "the input '{}' holds '{holds:.200}', and which of the model's categories these are \
                     cannot be told: not all its names are ASCII, and XGBoost saves such names \
                     incompletely; train it with ASCII names",
                    column.name
                )));
            };
            inputs.features[*idx].kind = FeatureKind::Categorical { categories };
        }
        Ok(inputs)
    }

    /// Says more where text meets an input whose categories the file knows by number only.
    fn explained(&self, error: ModelError, batch: &Batch<'_>) -> ModelError {
        for (idx, feature) in self.inputs.features.iter().enumerate() {
            let FeatureKind::Categorical { categories } = &feature.kind else {
                continue;
            };
            let Ok(column) = self.inputs.column(idx, batch) else {
                continue;
            };
            let is_text = matches!(column.values, BatchValues::Categorical { .. });
            if categories.is_empty() && is_text && column.numbers().is_err() {
                return ModelError::Batch(format!(
                    "the input '{}' holds text, and the model knows its categories by number only; \
                     train it with XGBoost 3.1 or later from a table, which saves their names",
                    column.name
                ));
            }
        }
        error
    }
}

/// The texts that stand in the rows, each once.
fn texts<'b>(column: &BatchColumn<'b>) -> Vec<&'b str> {
    let BatchValues::Categorical { codes, categories } = column.values else {
        return Vec::new();
    };
    let mut is_there = vec![false; categories.len()];
    for code in codes.iter().filter(|code| **code != MISSING) {
        if let Some(is_there) = is_there.get_mut(*code as usize) {
            *is_there = true;
        }
    }
    let texts = categories.iter().zip(is_there);
    texts
        .filter(|(_, is_there)| *is_there)
        .map(|(text, _)| text.as_str())
        .collect()
}
