//! Predicts with trees: rows of numbers to margins, or to the leaves they reach.
//!
//! In: a checked [`TreeEnsemble`] and columns of numbers in its order. Out: margins, row by row.
//!
//! Sums run in tree order and in the source's precision, so that they are the source library's to
//! the bit; rows do not depend on each other, so the number of threads changes nothing.

use std::borrow::Cow;

use crate::ensemble::{Comparison, TreeEnsemble};
use crate::error::ModelError;

/// How leaf values become margins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sums {
    /// Whether they are added in single precision.
    pub(crate) is_single: bool,
    /// Whether the base is added after the trees; else the sum begins with it.
    pub(crate) is_base_last: bool,
    /// What the sum of the trees is multiplied with, before a base that comes last.
    pub(crate) scale: f64,
    /// What the result is divided by, as in means over trees.
    pub(crate) divisor: f64,
}

impl Sums {
    /// Plain sums that begin with the base.
    pub(crate) const fn plain(is_single: bool) -> Self {
        Self {
            is_single,
            is_base_last: false,
            scale: 1.0,
            divisor: 1.0,
        }
    }
}

/// Trees ready to predict.
#[derive(Debug, Clone)]
pub(crate) struct Forest {
    trees: TreeEnsemble,
    sums: Sums,
}

/// Columns of numbers in the order of the ensemble's features; NaN is missing.
pub(crate) type Columns<'a> = [Cow<'a, [f64]>];

impl Forest {
    /// Checks the trees. `format` names the source in the error.
    pub(crate) fn new(
        trees: TreeEnsemble,
        sums: Sums,
        format: &'static str,
    ) -> Result<Self, ModelError> {
        trees
            .check()
            .map_err(|reason| ModelError::Damaged { format, reason })?;
        Ok(Self { trees, sums })
    }

    /// The trees.
    pub(crate) fn trees(&self) -> &TreeEnsemble {
        &self.trees
    }

    /// `n_outputs` margins per row.
    pub(crate) fn margins(&self, columns: &Columns<'_>, n_rows: usize) -> Vec<f64> {
        let n_outputs = self.trees.n_outputs as usize;
        let mut margins = Vec::with_capacity(n_rows * n_outputs);
        let mut values = vec![0.0; columns.len()];
        for row in 0..n_rows {
            for (value, column) in values.iter_mut().zip(columns) {
                *value = column[row];
            }
            self.add_row(&values, &mut margins);
        }
        margins
    }

    /// The leaf of each tree a row reaches, as positions in the node arrays:
    /// `leaves[row * n_trees + tree]`.
    pub(crate) fn leaves(&self, columns: &Columns<'_>, n_rows: usize) -> Vec<u32> {
        let mut leaves = Vec::with_capacity(n_rows * self.trees.tree_starts.len());
        let mut values = vec![0.0; columns.len()];
        for row in 0..n_rows {
            for (value, column) in values.iter_mut().zip(columns) {
                *value = column[row];
            }
            let starts = self.trees.tree_starts.iter();
            leaves.extend(starts.map(|start| position(self.leaf(*start as usize, &values))));
        }
        leaves
    }

    fn add_row(&self, values: &[f64], margins: &mut Vec<f64>) {
        let trees = &self.trees;
        let first = margins.len();
        if self.sums.is_base_last {
            margins.resize(first + trees.base.len(), 0.0);
        } else {
            margins.extend(trees.base.iter().map(|base| self.rounded(*base)));
        }
        let sums = &mut margins[first..];
        for (start, output) in trees.tree_starts.iter().zip(&trees.tree_outputs) {
            let value = trees.value[self.leaf(*start as usize, values)];
            if *output == TreeEnsemble::ALL_OUTPUTS {
                let row = &trees.leaf_rows[row_of(value) * sums.len()..][..sums.len()];
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum = self.rounded(*sum + value);
                }
            } else {
                let sum = &mut sums[*output as usize];
                *sum = self.rounded(*sum + value);
            }
        }
        for (sum, base) in sums.iter_mut().zip(&trees.base) {
            *sum *= self.sums.scale;
            if self.sums.is_base_last {
                *sum = self.rounded(*sum + base);
            }
            *sum /= self.sums.divisor;
        }
    }

    /// One rounding of a double sum of two singles is the single sum.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    fn rounded(&self, sum: f64) -> f64 {
        if self.sums.is_single {
            f64::from(sum as f32)
        } else {
            sum
        }
    }

    /// The leaf a row reaches. `check` made sure that every walk ends.
    fn leaf(&self, start: usize, values: &[f64]) -> usize {
        let trees = &self.trees;
        let mut at = start;
        while !trees.is_leaf(at) {
            let value = values[trees.feature[at] as usize];
            at = if self.goes_yes(at, value) {
                trees.yes[at]
            } else {
                trees.no[at]
            } as usize;
        }
        at
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    fn goes_yes(&self, node: usize, value: f64) -> bool {
        const ZERO: f64 = 1e-35;
        let trees = &self.trees;
        let is_zero_missing = trees.zero_is_missing.get(node).copied().unwrap_or(false);
        if value.is_nan() || (is_zero_missing && value.abs() <= ZERO) {
            return trees.missing_goes_yes[node];
        }
        let value = if trees.is_single_precision {
            f64::from(value as f32)
        } else {
            value
        };
        match trees.comparison[node] {
            Comparison::Less => value < trees.value[node],
            Comparison::LessOrEqual => value <= trees.value[node],
            #[expect(clippy::float_cmp, reason = "a one-hot split compares exactly")]
            Comparison::Equal => value == trees.value[node],
            Comparison::In => self.is_in(node, value),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounds are checked before"
    )]
    fn is_in(&self, node: usize, value: f64) -> bool {
        let (first, n_words) = self.trees.category_ranges[node];
        let n_categories = u64::from(n_words) * 64;
        if value <= -1.0 || value >= n_categories as f64 {
            return false;
        }
        let category = value as u64;
        let word = self.trees.category_words[first as usize + (category / 64) as usize];
        word >> (category % 64) & 1 == 1
    }
}

/// The row of `leaf_rows` a leaf value names.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`check` made sure it is a position"
)]
fn row_of(value: f64) -> usize {
    value as usize
}

/// A node's position; there are fewer than 2^32 nodes.
fn position(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(u32::MAX)
}
