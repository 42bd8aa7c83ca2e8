//! Rows as sparse vectors of numbers, for simple models.
//!
//! In: the training and other inputs, column by column, categories matched by name. Out: a
//! [`Design`] per table: numbers standardized by the training rows, one column per frequent category.
//!
//! Missing numbers are 0, which is the training mean, with a column that says so; missing categories
//! are a category. Categories beyond the most frequent ones are all zero.

use std::collections::HashMap;

use interlock_plugin_api::{FeatureValues, Features, MISSING};

/// Columns of a design at most: the equations of a linear model grow with their square.
pub const MAX_COLUMNS: usize = 250;

/// Rows of numbers, most of them zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Design {
    /// Columns, without the intercept.
    pub n_columns: usize,
    /// Entries of row `r` are `entries[starts[r]..starts[r + 1]]`.
    starts: Vec<usize>,
    /// Column and value.
    entries: Vec<(usize, f64)>,
}

impl Design {
    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Columns and values of a row that are not zero.
    ///
    /// # Panics
    /// If `row` is not below `n_rows`.
    pub fn row(&self, row: usize) -> &[(usize, f64)] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// The row times coefficients, plus the intercept, which stands last in `coefficients`.
    pub fn times(&self, row: usize, coefficients: &[f64]) -> f64 {
        let intercept = coefficients[self.n_columns];
        self.row(row)
            .iter()
            .fold(intercept, |sum, &(column, value)| {
                value.mul_add(coefficients[column], sum)
            })
    }
}

/// How one input becomes columns.
enum Coding {
    Number {
        column: usize,
        mean: f64,
        deviation: f64,
        missing: Option<usize>,
    },
    /// Column by category of the training table; the last entry is for missing.
    Category {
        columns: Vec<Option<usize>>,
        by_name: HashMap<String, usize>,
    },
}

/// How all inputs become columns, learned from the training rows.
pub struct Coder {
    codings: Vec<Option<Coding>>,
    n_columns: usize,
    /// Inputs and categories that got no column, if any.
    pub is_cut: bool,
}

impl Coder {
    /// Learns from the training rows. Numbers come first, then categories, the most frequent of all
    /// inputs first, until [`MAX_COLUMNS`] are given away.
    pub fn learn(train: &Features) -> Self {
        let mut coder = Self {
            codings: train.columns.iter().map(|_| None).collect(),
            n_columns: 0,
            is_cut: false,
        };
        let mut frequencies = Vec::new();
        for (at, input) in train.columns.iter().enumerate() {
            match &input.values {
                FeatureValues::Numeric(values) => coder.add_number(at, values),
                FeatureValues::Categorical { codes, categories } => {
                    let mut counts = vec![0_usize; categories.len() + 1];
                    for code in codes {
                        counts[position(*code, categories.len())] += 1;
                    }
                    for (category, &count) in counts.iter().enumerate() {
                        if count > 0 {
                            frequencies.push((count, at, category));
                        }
                    }
                    let by_name = (0..)
                        .zip(categories)
                        .map(|(code, name)| (name.clone(), code));
                    coder.codings[at] = Some(Coding::Category {
                        columns: vec![None; categories.len() + 1],
                        by_name: by_name.collect(),
                    });
                }
            }
        }
        frequencies.sort_by_key(|&(count, at, category)| (std::cmp::Reverse(count), at, category));
        for (_, at, category) in frequencies {
            if coder.n_columns == MAX_COLUMNS {
                coder.is_cut = true;
                break;
            }
            if let Some(Coding::Category { columns, .. }) = &mut coder.codings[at] {
                columns[category] = Some(coder.n_columns);
                coder.n_columns += 1;
            }
        }
        coder
    }

    fn add_number(&mut self, at: usize, values: &[f64]) {
        let present = || values.iter().copied().filter(|value| value.is_finite());
        let n_present = present().count();
        let n = n_present as f64;
        let mean = present().sum::<f64>() / n;
        let deviation = (present().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        let has_missing = n_present < values.len();
        let is_constant = !(deviation > 0.0 && deviation.is_finite());
        if is_constant && !has_missing {
            return;
        }
        if self.n_columns + 2 > MAX_COLUMNS {
            self.is_cut = true;
            return;
        }
        let column = self.n_columns;
        self.n_columns += 1;
        let missing = has_missing.then_some(self.n_columns);
        self.n_columns += usize::from(has_missing);
        self.codings[at] = Some(Coding::Number {
            column,
            mean: if is_constant { 0.0 } else { mean },
            deviation: if is_constant {
                f64::INFINITY
            } else {
                deviation
            },
            missing,
        });
    }

    /// The rows of a table that has the same inputs.
    pub fn encode(&self, features: &Features) -> Design {
        let mut design = Design {
            n_columns: self.n_columns,
            starts: vec![0],
            entries: Vec::with_capacity(features.n_rows * features.columns.len()),
        };
        // Positions of this table's categories among those of the training table.
        let own: Vec<Vec<Option<usize>>> = features
            .columns
            .iter()
            .zip(&self.codings)
            .map(|(input, coding)| match (&input.values, coding) {
                (
                    FeatureValues::Categorical { categories, .. },
                    Some(Coding::Category { columns, by_name }),
                ) => {
                    let known = categories
                        .iter()
                        .map(|name| by_name.get(name).and_then(|&code| columns[code]));
                    known.chain([columns[columns.len() - 1]]).collect()
                }
                _ => Vec::new(),
            })
            .collect();
        for row in 0..features.n_rows {
            for (at, coding) in self.codings.iter().enumerate() {
                let Some(coding) = coding else { continue };
                match (&features.columns[at].values, coding) {
                    (
                        FeatureValues::Numeric(values),
                        Coding::Number {
                            column,
                            mean,
                            deviation,
                            missing,
                        },
                    ) => {
                        let value = (values[row] - mean) / deviation;
                        if values[row].is_finite() && value.is_finite() {
                            design.entries.push((*column, value));
                        } else if let Some(missing) = missing {
                            design.entries.push((*missing, 1.0));
                        }
                    }
                    (FeatureValues::Categorical { codes, categories }, Coding::Category { .. }) => {
                        let place = position(codes[row], categories.len());
                        design
                            .entries
                            .extend(own[at][place].map(|column| (column, 1.0)));
                    }
                    // An input that is of another kind in this table says nothing.
                    (FeatureValues::Numeric(_), Coding::Category { .. })
                    | (FeatureValues::Categorical { .. }, Coding::Number { .. }) => {}
                }
            }
            design.starts.push(design.entries.len());
        }
        design
    }
}

/// Place of a category; missing comes last.
fn position(code: u32, n_categories: usize) -> usize {
    if code == MISSING {
        n_categories
    } else {
        (code as usize).min(n_categories)
    }
}
