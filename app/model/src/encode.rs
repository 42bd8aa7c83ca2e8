//! Tables to matrices, as a model was trained.
//!
//! In: a batch. Out: one row of numbers per row: numbers as they are, the median where one is missing;
//! categories as one column each (one-hot), all zero for a missing or unseen one.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, BatchColumn, BatchValues};
use crate::error::ModelError;
use crate::{FeatureInfo, FeatureKind};

/// What was learned about the inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoder {
    pub(crate) inputs: Vec<Input>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Input {
    Numeric {
        name: String,
        /// Stands for a missing value: the median of the training rows.
        fill: f64,
    },
    Categorical {
        name: String,
        categories: Vec<String>,
    },
}

/// Most categories of one input; more is free text, not a category.
const MAX_CATEGORIES: usize = 1000;

impl Input {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Categorical { name, .. } => name,
        }
    }

    /// What it is to people.
    pub(crate) fn info(&self) -> FeatureInfo {
        let kind = match self {
            Self::Numeric { .. } => FeatureKind::Numeric,
            Self::Categorical { categories, .. } => FeatureKind::Categorical {
                categories: categories.clone(),
            },
        };
        FeatureInfo {
            name: self.name().to_owned(),
            kind,
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Numeric { .. } => 1,
            Self::Categorical { categories, .. } => categories.len(),
        }
    }
}

impl Encoder {
    /// Learns what the columns of a batch look like.
    pub(crate) fn learn(batch: &Batch<'_>, rows: &[usize]) -> Result<Self, ModelError> {
        let inputs = batch
            .columns
            .iter()
            .map(|column| learn_column(column, rows))
            .collect::<Result<_, _>>()?;
        Ok(Self { inputs })
    }

    /// Numbers per row.
    pub(crate) fn width(&self) -> usize {
        self.inputs.iter().map(Input::width).sum()
    }

    /// The rows of a batch, one after the other; `rows` chooses them, `None` takes all.
    pub(crate) fn encode(
        &self,
        batch: &Batch<'_>,
        rows: Option<&[usize]>,
    ) -> Result<Vec<f64>, ModelError> {
        let width = self.width();
        let n_rows = rows.map_or(batch.n_rows, <[usize]>::len);
        let mut matrix = vec![0.0; n_rows * width];
        let mut at = 0;
        for input in &self.inputs {
            let column = input.column(batch)?;
            // Numbers that were read as categories are numbers to this input again.
            let numbers = match input {
                Input::Numeric { .. } => Some(column.numbers()?),
                Input::Categorical { .. } => None,
            };
            let column = BatchColumn {
                name: column.name,
                values: numbers
                    .as_deref()
                    .map_or(column.values, BatchValues::Numeric),
            };
            for row in 0..n_rows {
                let source = rows.map_or(row, |rows| rows[row]);
                input.write(
                    &column,
                    source,
                    &mut matrix[row * width + at..][..input.width()],
                )?;
            }
            at += input.width();
        }
        Ok(matrix)
    }

    /// The inputs of a batch as they are, a column each: categories as their positions, NaN for
    /// missing values and for categories that were not learned.
    pub(crate) fn columns<'b>(&self, batch: &Batch<'b>) -> Result<Vec<Cow<'b, [f64]>>, ModelError> {
        let inputs = self.inputs.iter();
        inputs
            .map(|input| {
                let column = input.column(batch)?;
                match input {
                    Input::Numeric { .. } => column.numbers(),
                    Input::Categorical { categories, .. } => positions(column, categories),
                }
            })
            .collect()
    }
}

/// Positions among the learned categories.
fn positions<'b>(
    column: &BatchColumn<'b>,
    categories: &[String],
) -> Result<Cow<'b, [f64]>, ModelError> {
    let BatchValues::Categorical {
        codes,
        categories: own,
    } = column.values
    else {
        return Err(ModelError::Batch(format!(
            "the input '{}' must be categories and is numbers",
            column.name
        )));
    };
    let mut known = HashMap::with_capacity(categories.len());
    for (position, category) in categories.iter().enumerate() {
        known.entry(category).or_insert(position);
    }
    let own: Vec<f64> = own
        .iter()
        .map(|text| known.get(text).map_or(f64::NAN, |at| *at as f64))
        .collect();
    let position = |code: &u32| own.get(*code as usize).copied().unwrap_or(f64::NAN);
    Ok(codes.iter().map(position).collect())
}

impl Input {
    /// The column of this input.
    fn column<'b, 'a>(&self, batch: &'b Batch<'a>) -> Result<&'b BatchColumn<'a>, ModelError> {
        let column = batch.column(self.name()).ok_or_else(|| {
            ModelError::Batch(format!(
                "the model needs the input '{}', which is not there",
                self.name()
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

    fn write(
        &self,
        column: &BatchColumn<'_>,
        row: usize,
        cells: &mut [f64],
    ) -> Result<(), ModelError> {
        match (self, &column.values) {
            (Self::Numeric { fill, .. }, BatchValues::Numeric(values)) => {
                let value = values[row];
                cells[0] = if value.is_nan() { *fill } else { value };
            }
            (
                Self::Categorical { categories, .. },
                BatchValues::Categorical {
                    codes,
                    categories: own,
                },
            ) => {
                let text = own.get(codes[row] as usize);
                if let Some(position) =
                    text.and_then(|text| categories.iter().position(|known| known == text))
                {
                    cells[position] = 1.0;
                }
            }
            (Self::Numeric { name, .. }, BatchValues::Categorical { .. }) => {
                return Err(ModelError::Batch(format!(
                    "the input '{name}' must be numbers and is text"
                )));
            }
            (Self::Categorical { name, .. }, BatchValues::Numeric(_)) => {
                return Err(ModelError::Batch(format!(
                    "the input '{name}' must be categories and is numbers"
                )));
            }
        }
        Ok(())
    }
}

fn learn_column(column: &BatchColumn<'_>, rows: &[usize]) -> Result<Input, ModelError> {
    let name = column.name.to_owned();
    match &column.values {
        BatchValues::Numeric(values) => {
            let mut present: Vec<f64> = rows
                .iter()
                .map(|&row| values[row])
                .filter(|value| value.is_finite())
                .collect();
            present.sort_by(f64::total_cmp);
            let fill = match present.len() {
                0 => 0.0,
                n if n % 2 == 1 => present[n / 2],
                n => f64::midpoint(present[n / 2 - 1], present[n / 2]),
            };
            Ok(Input::Numeric { name, fill })
        }
        BatchValues::Categorical { codes, categories } => {
            let mut used = vec![false; categories.len()];
            for &row in rows {
                if let Some(used) = used.get_mut(codes[row] as usize) {
                    *used = true;
                }
            }
            let mut known: Vec<String> = categories
                .iter()
                .zip(used)
                .filter(|(_, used)| *used)
                .map(|(name, _)| name.clone())
                .collect();
            // Sorted: the order must not depend on the order of rows.
            known.sort();
            if known.len() > MAX_CATEGORIES {
                return Err(ModelError::Training(format!(
                    "column '{name}' has {} different texts, too many for categories; leave it out of model.features",
                    known.len()
                )));
            }
            Ok(Input::Categorical {
                name,
                categories: known,
            })
        }
    }
}
