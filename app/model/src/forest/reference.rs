//! Trees walked one row and one node at a time: what every faster way must equal to the bit.
//!
//! In: a checked [`TreeEnsemble`] and columns of numbers in its order. Out: leaves and margins.
//!
//! Says what a prediction is; knows no blocks, codes or threads.

use std::borrow::Cow;
use std::ops::Range;

use crate::ensemble::{Comparison, TreeEnsemble};

/// Columns of numbers in the order of the ensemble's features; NaN is missing.
pub(crate) type Columns<'a> = [Cow<'a, [f64]>];

/// Zero up to this size counts as missing where a node says so.
pub(super) const ZERO: f64 = 1e-35;

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

    /// What a sum begins with.
    pub(super) fn start(self, base: f64) -> f64 {
        if self.is_base_last {
            0.0
        } else {
            self.rounded(base)
        }
    }

    /// What becomes of the sum over all trees.
    pub(super) fn finish(self, sum: f64, base: f64) -> f64 {
        let mut sum = sum * self.scale;
        if self.is_base_last {
            sum = self.rounded(sum + base);
        }
        sum / self.divisor
    }

    /// One rounding of a double sum of two singles is the single sum.
    fn rounded(self, sum: f64) -> f64 {
        if self.is_single { to_single(sum) } else { sum }
    }
}

/// Appends the margins of some rows, `n_outputs` per row.
pub(super) fn add_margins(
    trees: &TreeEnsemble,
    sums: Sums,
    columns: &Columns<'_>,
    rows: Range<usize>,
    margins: &mut Vec<f64>,
) {
    let mut values = vec![0.0; columns.len()];
    for row in rows {
        for (value, column) in values.iter_mut().zip(columns) {
            *value = column[row];
        }
        add_row(trees, sums, &values, margins);
    }
}

fn add_row(trees: &TreeEnsemble, sums: Sums, values: &[f64], margins: &mut Vec<f64>) {
    let first = margins.len();
    margins.extend(trees.base.iter().map(|base| sums.start(*base)));
    let row_sums = &mut margins[first..];
    for (start, output) in trees.tree_starts.iter().zip(&trees.tree_outputs) {
        let value = trees.value[leaf(trees, *start as usize, values)];
        if *output == TreeEnsemble::ALL_OUTPUTS {
            let row = &trees.leaf_rows[row_of(value) * row_sums.len()..][..row_sums.len()];
            for (sum, value) in row_sums.iter_mut().zip(row) {
                *sum = sums.rounded(*sum + value);
            }
        } else {
            let sum = &mut row_sums[*output as usize];
            *sum = sums.rounded(*sum + value);
        }
    }
    for (sum, base) in row_sums.iter_mut().zip(&trees.base) {
        *sum = sums.finish(*sum, *base);
    }
}

/// The leaf a row reaches. `check` made sure that every walk ends.
pub(super) fn leaf(trees: &TreeEnsemble, start: usize, values: &[f64]) -> usize {
    let mut at = start;
    while !trees.is_leaf(at) {
        let value = values[trees.feature[at] as usize];
        at = if goes_yes(trees, at, value) {
            trees.yes[at]
        } else {
            trees.no[at]
        } as usize;
    }
    at
}

fn goes_yes(trees: &TreeEnsemble, node: usize, value: f64) -> bool {
    if is_missing(value, zero_is_missing(trees, node)) {
        return trees.missing_goes_yes[node];
    }
    let value = if trees.is_single_precision {
        to_single(value)
    } else {
        value
    };
    match trees.comparison[node] {
        Comparison::Less => value < trees.value[node],
        Comparison::LessOrEqual => value <= trees.value[node],
        #[expect(clippy::float_cmp, reason = "a one-hot split compares exactly")]
        Comparison::Equal => value == trees.value[node],
        Comparison::In => {
            let words = category_words(trees, node);
            category(value, words.len() * 64)
                .is_some_and(|category| words[category / 64] >> (category % 64) & 1 == 1)
        }
    }
}

/// Whether a node takes zero for missing.
pub(super) fn zero_is_missing(trees: &TreeEnsemble, node: usize) -> bool {
    trees.zero_is_missing.get(node).copied().unwrap_or(false)
}

/// The category set of a node.
pub(super) fn category_words(trees: &TreeEnsemble, node: usize) -> &[u64] {
    let (first, n_words) = trees.category_ranges.get(node).copied().unwrap_or_default();
    &trees.category_words[first as usize..][..n_words as usize]
}

/// Whether a value counts as missing.
pub(super) fn is_missing(value: f64, is_zero_missing: bool) -> bool {
    value.is_nan() || (is_zero_missing && value.abs() <= ZERO)
}

/// The category a number stands for, if there are so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are checked before"
)]
pub(super) fn category(value: f64, n_categories: usize) -> Option<usize> {
    if value <= -1.0 || value >= n_categories as f64 {
        return None;
    }
    // What is between -1 and 0 is category 0, which an empty set does not have.
    Some(value as usize).filter(|category| *category < n_categories)
}

/// The nearest number of single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the point"
)]
pub(super) fn to_single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// The row of `leaf_rows` a leaf value names.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`check` made sure it is a position"
)]
pub(super) fn row_of(value: f64) -> usize {
    value as usize
}
