//! Predicts with trees: rows of numbers to margins, or to the leaves they reach.
//!
//! In: a checked [`TreeEnsemble`] and columns of numbers in its order. Out: margins, row by row.
//!
//! Sums run in tree order and in the source's precision, so that they are the source library's to
//! the bit; rows do not depend on each other, so the number of threads changes nothing.
//! `forest/reference.rs` says what is computed; the rest is about speed.

mod reference;

mod program;

mod simd;

mod codes;

mod walk;

mod plan;

mod blocks;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use blocks::Asked;
use plan::Plan;
pub(crate) use reference::{Columns, Sums};
use reference::{add_margins, leaf, to_single};
use simd::Kernels;

use crate::ensemble::TreeEnsemble;
use crate::error::ModelError;

/// Decisions, about, from which on another thread pays: a thread costs as much as some 10,000.
const DECISIONS_PER_THREAD: usize = 200_000;

/// Trees ready to predict.
#[derive(Debug, Clone)]
pub(crate) struct Forest {
    trees: TreeEnsemble,
    sums: Sums,
    /// Made when rows are first predicted.
    ready: OnceLock<Ready>,
}

/// How rows are predicted.
#[derive(Debug, Clone)]
enum Ready {
    Single(Plan<f32>),
    Double(Plan<f64>),
    /// Node by node.
    Plain,
}

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
        Ok(Self {
            trees,
            sums,
            ready: OnceLock::new(),
        })
    }

    /// The trees.
    pub(crate) fn trees(&self) -> &TreeEnsemble {
        &self.trees
    }

    /// `n_outputs` margins per row.
    pub(crate) fn margins(&self, columns: &Columns<'_>, n_rows: usize) -> Vec<f64> {
        let n_decisions = n_rows.saturating_mul(self.trees.tree_starts.len());
        let n_threads = match n_decisions / DECISIONS_PER_THREAD {
            0 | 1 => 1,
            useful => std::thread::available_parallelism()
                .map_or(1, std::num::NonZero::get)
                .min(useful),
        };
        self.margins_by(columns, n_rows, n_threads, Kernels::best())
    }

    /// The margins by so many threads.
    fn margins_by(
        &self,
        columns: &Columns<'_>,
        n_rows: usize,
        n_threads: usize,
        kernels: Kernels,
    ) -> Vec<f64> {
        let n_outputs = self.trees.n_outputs as usize;
        let ready = self.ready.get_or_init(|| self.ready());
        let mut margins = vec![0.0; n_rows * n_outputs];
        let per_thread = n_rows
            .div_ceil(n_threads.max(1))
            .next_multiple_of(program::BLOCK);
        if margins.is_empty() {
            return margins;
        }
        std::thread::scope(|scope| {
            let mut first = 0;
            for part in margins.chunks_mut(per_thread * n_outputs) {
                let rows = first..first + part.len() / n_outputs;
                first = rows.end;
                let asked = Asked {
                    columns,
                    rows,
                    kernels,
                };
                let work = move || self.fill(ready, asked, part);
                // The last part is this thread's own.
                if first < n_rows {
                    scope.spawn(work);
                } else {
                    work();
                }
            }
        });
        margins
    }

    fn fill(&self, ready: &Ready, asked: Asked<'_>, margins: &mut [f64]) {
        let base = &self.trees.base;
        match ready {
            Ready::Single(plan) => plan.fill(self.sums, base, asked, margins),
            Ready::Double(plan) => plan.fill(self.sums, base, asked, margins),
            Ready::Plain => {
                let mut sums = Vec::with_capacity(margins.len());
                add_margins(&self.trees, self.sums, asked.columns, asked.rows, &mut sums);
                margins.copy_from_slice(&sums);
            }
        }
    }

    /// Sums of single precision need leaf values of single precision, as every known source has them.
    fn ready(&self) -> Ready {
        if !self.sums.is_single {
            return Plan::new(&self.trees).map_or(Ready::Plain, Ready::Double);
        }
        let is_single = |value: &f64| to_single(*value).to_bits() == value.to_bits();
        let trees = &self.trees;
        let mut leaves = (0..trees.n_nodes())
            .filter(|node| trees.is_leaf(*node))
            .map(|node| &trees.value[node]);
        if leaves.all(is_single) && trees.leaf_rows.iter().all(is_single) {
            return Plan::new(trees).map_or(Ready::Plain, Ready::Single);
        }
        Ready::Plain
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
            leaves
                .extend(starts.map(|start| position(leaf(&self.trees, *start as usize, &values))));
        }
        leaves
    }
}

/// A node's position; there are fewer than 2^32 nodes.
fn position(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(u32::MAX)
}
