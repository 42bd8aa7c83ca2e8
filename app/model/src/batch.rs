//! Rows to predict for or to learn from, column by column.

use std::borrow::Cow;

use crate::error::ModelError;

/// Rows as columns of values.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    /// Number of rows.
    pub n_rows: usize,
    /// The columns, each with one value per row.
    pub columns: Vec<BatchColumn<'a>>,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct BatchColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its values.
    pub values: BatchValues<'a>,
}

/// Values of a column, one per row.
#[derive(Debug, Clone, Copy)]
pub enum BatchValues<'a> {
    /// Numbers; NaN is missing.
    Numeric(&'a [f64]),
    /// Positions in `categories`; [`MISSING`] is missing.
    Categorical {
        /// One per row.
        codes: &'a [u32],
        /// What the codes stand for.
        categories: &'a [String],
    },
}

/// Code of a missing category.
pub const MISSING: u32 = u32::MAX;

/// What to learn to predict, one per row of a batch.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Numbers; rows with NaN are left out.
    Values(&'a [f64]),
    /// Classes; rows with [`MISSING`] are left out.
    Classes {
        /// Positions in `classes`.
        codes: &'a [u32],
        /// Names of the classes.
        classes: &'a [String],
        /// The class whose probability a binary model predicts; the greatest name if `None`.
        positive: Option<&'a str>,
    },
}

impl<'a> Batch<'a> {
    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&BatchColumn<'a>> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl<'a> BatchColumn<'a> {
    /// The values as numbers. Categories that are numbers (`1`, `2.5`) count as these numbers: a
    /// column read as categories may well be a number to the model.
    pub(crate) fn numbers(&self) -> Result<Cow<'a, [f64]>, ModelError> {
        let (codes, categories) = match self.values {
            BatchValues::Numeric(values) => return Ok(Cow::Borrowed(values)),
            BatchValues::Categorical { codes, categories } => (codes, categories),
        };
        let meanings: Vec<Option<f64>> = categories
            .iter()
            .map(|text| text.trim().parse().ok())
            .collect();
        let number = |code: &u32| {
            if *code == MISSING {
                return Ok(f64::NAN);
            }
            let meaning = meanings.get(*code as usize).copied().flatten();
            meaning.ok_or_else(|| {
                let text = categories.get(*code as usize).map_or("", String::as_str);
                ModelError::Batch(format!(
                    "the input '{}' must be numbers and holds '{text}'",
                    self.name
                ))
            })
        };
        codes.iter().map(number).collect()
    }
}

impl BatchValues<'_> {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Categorical { codes, .. } => codes.len(),
        }
    }
}
