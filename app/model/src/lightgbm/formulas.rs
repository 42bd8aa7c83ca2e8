//! Linear formulas in leaves, as `linear_tree` trains them.
//!
//! In: the four lists of a tree that hold them. Out: the value of a leaf for a row:
//! `constant + Σ coefficient · x`, added in the file's order; the leaf's plain value if an `x` of the
//! formula is missing.

use std::ops::Range;

use super::text::List;

/// Formulas of leaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Formulas {
    /// Per node: its formula, or [`Formulas::NONE`]; shorter than the nodes if the last have none.
    of_node: Vec<u32>,
    list: Vec<Formula>,
    /// Input and coefficient.
    terms: Vec<(u32, f64)>,
}

#[derive(Debug, Clone, Copy)]
struct Formula {
    constant: f64,
    first: usize,
    n_terms: usize,
}

impl Formulas {
    const NONE: u32 = u32::MAX;

    /// Whether no leaf has one.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Appends the formulas of the leaves at these nodes. The lists are the constants, the numbers of
    /// terms, the inputs and the coefficients.
    pub(super) fn append(
        &mut self,
        leaves: Range<usize>,
        n_features: usize,
        lists: [List<'_>; 4],
    ) -> Result<(), String> {
        let [mut constants, mut counts, mut inputs, mut coefficients] = lists;
        self.of_node.resize(leaves.start, Self::NONE);
        for leaf in 0..leaves.len() {
            let constant = constants.finite()?;
            let first = self.terms.len();
            let n_terms = counts.position()? as usize;
            for _ in 0..n_terms {
                let input = inputs.position()?;
                if input as usize >= n_features {
                    return Err(format!(
                        "the formula of leaf {leaf} takes input {input}, of {n_features}"
                    ));
                }
                self.terms.push((input, coefficients.finite()?));
            }
            let formula = u32::try_from(self.list.len()).unwrap_or(Self::NONE);
            self.of_node.push(formula);
            self.list.push(Formula {
                constant,
                first,
                n_terms,
            });
        }
        for list in [constants, counts, inputs, coefficients] {
            list.end()?;
        }
        Ok(())
    }

    /// What a leaf adds for a row; `value` gives an input of the row, `plain` is the leaf's value.
    pub(super) fn value(&self, leaf: usize, plain: f64, value: impl Fn(usize) -> f64) -> f64 {
        let formula = self.of_node.get(leaf).copied().unwrap_or(Self::NONE);
        let Some(formula) = self.list.get(formula as usize) else {
            return plain;
        };
        let mut sum = formula.constant;
        for (input, coefficient) in &self.terms[formula.first..][..formula.n_terms] {
            let x = value(*input as usize);
            if x.is_nan() {
                return plain;
            }
            sum += coefficient * x;
        }
        sum
    }
}
