//! Rows for a model: the columns it takes, owned, to be changed at will.
//!
//! In: columns of a table, or values made up. Out: [`Features`], which `Model::predict` takes.
//!
//! Column-major: `columns[feature]` holds one value per row.

use crate::border::ColumnView;

/// Rows for a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// Number of rows; every column has as many values.
    pub n_rows: usize,
    /// One entry per input of the model, in its order.
    pub columns: Vec<Feature>,
}

/// One input of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// A value per row.
    pub values: FeatureValues,
}

/// The values of one input.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureValues {
    /// Numbers; NaN is missing.
    Numeric(Vec<f64>),
    /// Positions in a list of categories; [`MISSING`] is missing.
    Categorical {
        /// One per row.
        codes: Vec<u32>,
        /// What the codes stand for.
        categories: Vec<String>,
    },
}

/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;

impl Features {
    /// The given rows, in the given order; a row may come more than once.
    ///
    /// # Panics
    /// If a position is not below `n_rows`.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|column| Feature {
                name: column.name.clone(),
                values: column.values.select(rows),
            })
            .collect();
        Self {
            n_rows: rows.len(),
            columns,
        }
    }

    /// The position of the input of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

impl FeatureValues {
    /// The values of the given rows.
    ///
    /// # Panics
    /// If a position is not below the number of rows.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numeric(values) => Self::Numeric(rows.iter().map(|&row| values[row]).collect()),
            Self::Categorical { codes, categories } => Self::Categorical {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                categories: categories.clone(),
            },
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Categorical { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row as text for people; `None` if missing.
    pub fn display(&self, row: usize) -> Option<String> {
        match self {
            Self::Numeric(values) => values
                .get(row)
                .filter(|value| !value.is_nan())
                .map(ToString::to_string),
            Self::Categorical { codes, categories } => categories
                .get(usize::try_from(*codes.get(row)?).ok()?)
                .cloned(),
        }
    }
}

/// Columns as they cross the border: borrowed, nothing copied but the list of categories.
pub(crate) struct BorderColumns<'a> {
    columns: &'a [Feature],
    categories: Vec<Vec<abi_stable::std_types::RStr<'a>>>,
}

impl<'a> BorderColumns<'a> {
    pub(crate) fn new(features: &'a Features) -> Self {
        let categories = features
            .columns
            .iter()
            .map(|column| match &column.values {
                FeatureValues::Numeric(_) => Vec::new(),
                FeatureValues::Categorical { categories, .. } => {
                    categories.iter().map(|name| name.as_str().into()).collect()
                }
            })
            .collect();
        Self {
            columns: &features.columns,
            categories,
        }
    }

    pub(crate) fn views(&self) -> Vec<ColumnView<'_>> {
        self.columns
            .iter()
            .zip(&self.categories)
            .map(|(column, categories)| {
                let (numbers, codes): (&[f64], &[u32]) = match &column.values {
                    FeatureValues::Numeric(values) => (values, &[]),
                    FeatureValues::Categorical { codes, .. } => (&[], codes),
                };
                ColumnView {
                    name: column.name.as_str().into(),
                    is_categorical: matches!(column.values, FeatureValues::Categorical { .. }),
                    numbers: numbers.into(),
                    codes: codes.into(),
                    categories: categories.as_slice().into(),
                }
            })
            .collect()
    }
}
