//! All pairs of columns, each by the coefficient that suits it.
//!
//! In: inputs over the same rows. Out: one coefficient per pair, and the intervals of those shown.

use interlock_stats::proportion::Bounds;

use crate::relations::association::{
    Association, Correlation, Standardized, correlation, correlation_ratio, cramers_v,
    pearson_interval, spearman_interval,
};
use crate::relations::inputs::{Cells, Input};

/// How two columns go together.
#[derive(Clone, Copy)]
pub(crate) enum Strength {
    Numbers(Correlation),
    Categories(Association),
    Mixed(Association),
}

/// Two columns, as positions, the first one less.
pub(crate) struct Pair {
    pub first: usize,
    pub second: usize,
    pub strength: Strength,
}

impl Pair {
    /// The coefficient a limit is held against, 0 to 1: for numbers the larger in size.
    pub(crate) fn size(&self) -> f64 {
        match self.strength {
            Strength::Numbers(found) => found.pearson.abs().max(found.spearman.abs()),
            Strength::Categories(found) | Strength::Mixed(found) => found.value,
        }
    }

    /// The coefficient for a matrix: with its sign, Spearman's for numbers.
    pub(crate) fn signed(&self) -> f64 {
        match self.strength {
            Strength::Numbers(found) => found.spearman,
            Strength::Categories(found) | Strength::Mixed(found) => found.value,
        }
    }

    /// Rows with both values.
    pub(crate) fn n(&self) -> usize {
        match self.strength {
            Strength::Numbers(found) => found.n,
            Strength::Categories(found) | Strength::Mixed(found) => found.n,
        }
    }

    /// Name of the coefficient of `size`, its value with sign, and its interval at 95 %.
    pub(crate) fn named(&self) -> (&'static str, f64, Option<Bounds>) {
        const LEVEL: f64 = 0.95;
        match self.strength {
            Strength::Numbers(found) if found.pearson.abs() > found.spearman.abs() => (
                "Pearson's r",
                found.pearson,
                pearson_interval(found.pearson, found.n, LEVEL),
            ),
            Strength::Numbers(found) => (
                "Spearman's ρ",
                found.spearman,
                spearman_interval(found.spearman, found.n, LEVEL),
            ),
            Strength::Categories(found) => ("Cramér's V", found.value, found.interval(LEVEL)),
            Strength::Mixed(found) => ("η", found.value, found.interval(LEVEL)),
        }
    }
}

/// Whether a column can stand in a pair: numbers, or categories that are not nearly as many as rows.
pub(crate) fn is_paired(input: &Input<'_>, max_categories: usize) -> bool {
    match &input.cells {
        Cells::Numbers(_) => true,
        Cells::Codes(coded) => {
            (2..=max_categories).contains(&coded.n_codes) && coded.n_codes * 10 <= coded.codes.len()
        }
    }
}

/// Every pair that has a coefficient; `at_work` hears the share of columns done.
pub(crate) fn pairs(inputs: &[Input<'_>], mut at_work: impl FnMut(f64)) -> Vec<Pair> {
    let standardized: Vec<Option<Standardized>> = inputs
        .iter()
        .map(|input| match &input.cells {
            Cells::Numbers(numbers) => Standardized::of(numbers),
            Cells::Codes(_) => None,
        })
        .collect();
    let mut pairs = Vec::new();
    for second in 0..inputs.len() {
        for first in 0..second {
            let strength = match (&standardized[first], &standardized[second]) {
                (Some(x), Some(y)) => Some(Strength::Numbers(x.with(y))),
                _ => strength(&inputs[first].cells, &inputs[second].cells),
            };
            pairs.extend(strength.map(|strength| Pair {
                first,
                second,
                strength,
            }));
        }
        // Pairs done grow with the square.
        at_work((second as f64 / inputs.len() as f64).powi(2));
    }
    pairs
}

fn strength(first: &Cells, second: &Cells) -> Option<Strength> {
    match (first, second) {
        (Cells::Numbers(x), Cells::Numbers(y)) => correlation(x, y).map(Strength::Numbers),
        (Cells::Codes(x), Cells::Codes(y)) => {
            cramers_v((&x.codes, x.n_codes), (&y.codes, y.n_codes)).map(Strength::Categories)
        }
        (Cells::Codes(x), Cells::Numbers(y)) | (Cells::Numbers(y), Cells::Codes(x)) => {
            correlation_ratio((&x.codes, x.n_codes), y).map(Strength::Mixed)
        }
    }
}
