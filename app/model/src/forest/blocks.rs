//! Margins block by block, on several threads.
//!
//! In: a [`Plan`] and columns of numbers. Out: margins, row by row.
//!
//! Each row's sums are its own and run in tree order, so neither the block nor the thread a row falls
//! into changes a bit.

use std::ops::Range;

use super::plan::{Plan, Planned, Shape};
use super::program::{Arena, BLOCK, CONSTANT_BYTES, LANES};
use super::reference::{Columns, Sums};
use super::simd::{Kernels, Lanes};
use super::walk;

/// Fewer rows are walked one by one, several trees at once.
const FEW_ROWS: usize = 12;

/// Rows to predict, and how.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) columns: &'a Columns<'a>,
    pub(super) rows: Range<usize>,
    pub(super) kernels: Kernels,
}

/// Sums and intermediate results of a block.
struct Scratch<T> {
    arena: Arena,
    /// `sums[output][row]`.
    sums: Vec<[T; BLOCK]>,
    walked: Vec<u32>,
}

impl<T: Lanes> Plan<T> {
    /// Fills `margins`, `n_outputs` per row, for these rows.
    pub(super) fn fill(&self, sums: Sums, base: &[f64], asked: Asked<'_>, margins: &mut [f64]) {
        let Asked {
            columns,
            rows,
            kernels,
        } = asked;
        let n_outputs = base.len();
        if n_outputs == 0 {
            return;
        }
        let mut scratch = Scratch {
            arena: Arena::new(self.codes.n_columns()),
            sums: vec![[T::default(); BLOCK]; n_outputs],
            walked: vec![0; BLOCK.max(self.trees.len())],
        };
        let firsts = rows.step_by(BLOCK);
        for (first, margins) in firsts.zip(margins.chunks_mut(BLOCK * n_outputs)) {
            let n_rows = margins.len() / n_outputs;
            self.codes
                .encode(columns, first, n_rows, kernels, scratch.arena.codes_mut());
            for (output_sums, base) in scratch.sums.iter_mut().zip(base) {
                output_sums.fill(T::from_double(sums.start(*base)));
            }
            if n_rows < FEW_ROWS {
                self.add_few(n_rows, &mut scratch);
            } else {
                for tree in &self.trees {
                    self.add_tree(tree, n_rows, kernels, &mut scratch);
                }
            }
            for (row, margins) in margins.chunks_exact_mut(n_outputs).enumerate() {
                for (output, (margin, base)) in margins.iter_mut().zip(base).enumerate() {
                    *margin = sums.finish(scratch.sums[output][row].to_double(), *base);
                }
            }
        }
    }

    fn add_tree(&self, tree: &Planned, n_rows: usize, kernels: Kernels, scratch: &mut Scratch<T>) {
        let n_groups = n_rows.div_ceil(LANES);
        let additions = &self.additions[tree.additions.0..tree.additions.1];
        let (ops, is_level) = match tree.shape {
            Shape::Program { first, end } => (first..end, false),
            Shape::Levels { first, end } => (first..end, true),
            Shape::Walk => {
                let walked = &mut scratch.walked[..n_rows];
                walk::rows(&self.nodes, tree.root, scratch.arena.codes(), walked);
                for leaf in walked.iter_mut() {
                    *leaf = self.leaves[*leaf as usize];
                }
                for (output, begin) in additions {
                    let values = &self.values[*begin..begin + tree.n_values];
                    for (sum, leaf) in scratch.sums[*output].iter_mut().zip(&*walked) {
                        *sum += values[*leaf as usize];
                    }
                }
                return;
            }
        };
        kernels.run(&self.program, ops, is_level, &mut scratch.arena, n_groups);
        let line = scratch.arena.bytes()[CONSTANT_BYTES..].first_chunk();
        for (output, begin) in additions {
            let values = &self.values[*begin..begin + tree.n_values];
            if let Some(leaves) = line {
                T::add(kernels, leaves, values, &mut scratch.sums[*output]);
            }
        }
    }

    fn add_few(&self, n_rows: usize, scratch: &mut Scratch<T>) {
        for row in 0..n_rows {
            let walked = &mut scratch.walked[..self.trees.len()];
            for (leaf, tree) in walked.iter_mut().zip(&self.trees) {
                *leaf = tree.root;
            }
            walk::trees(&self.nodes, scratch.arena.codes(), row, walked);
            for (leaf, tree) in walked.iter().zip(&self.trees) {
                let leaf = self.leaves[*leaf as usize] as usize;
                for (output, begin) in &self.additions[tree.additions.0..tree.additions.1] {
                    scratch.sums[*output][row] += self.values[begin + leaf];
                }
            }
        }
    }
}
