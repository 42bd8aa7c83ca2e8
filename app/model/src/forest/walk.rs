//! Trees walked over code columns, several rows or several trees at once.
//!
//! In: decisions over code columns. Out: the leaf each row reaches.
//!
//! The children of a node stand side by side, and a leaf leads to itself: a step is index arithmetic
//! without branches, and steps of different rows do not wait for each other.

use super::program::{BLOCK, Decision};

/// Walks that go on at once.
const TOGETHER: usize = 16;

/// Steps between two looks whether all walks have ended.
const STEPS: usize = 4;

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    decision: Decision,
    /// Where yes goes; no goes to the one after. A leaf names itself.
    child: u32,
}

impl Node {
    pub(super) fn inner(decision: Decision, child: u32) -> Self {
        Self { decision, child }
    }

    pub(super) fn leaf(own: u32) -> Self {
        Self {
            decision: Decision::ALWAYS,
            child: own,
        }
    }
}

fn step(nodes: &[Node], at: u32, codes: &[u8], row: usize) -> u32 {
    let node = nodes[at as usize];
    let Decision {
        column,
        mask,
        limit,
    } = node.decision;
    let code = codes[usize::from(column) * BLOCK + row];
    node.child + u32::from(code & mask >= limit)
}

/// The leaf of one tree for each row of a block.
pub(super) fn rows(nodes: &[Node], root: u32, codes: &[u8], leaves: &mut [u32]) {
    for (chunk, leaves) in leaves.chunks_mut(TOGETHER).enumerate() {
        leaves.fill(root);
        loop {
            for _ in 1..STEPS {
                for (at, leaf) in leaves.iter_mut().enumerate() {
                    *leaf = step(nodes, *leaf, codes, chunk * TOGETHER + at);
                }
            }
            let mut has_moved = false;
            for (at, leaf) in leaves.iter_mut().enumerate() {
                let next = step(nodes, *leaf, codes, chunk * TOGETHER + at);
                has_moved |= next != *leaf;
                *leaf = next;
            }
            if !has_moved {
                break;
            }
        }
    }
}

/// The leaf of each tree for one row; `leaves` holds the roots.
pub(super) fn trees(nodes: &[Node], codes: &[u8], row: usize, leaves: &mut [u32]) {
    for leaves in leaves.chunks_mut(TOGETHER) {
        loop {
            for _ in 1..STEPS {
                for leaf in leaves.iter_mut() {
                    *leaf = step(nodes, *leaf, codes, row);
                }
            }
            let mut has_moved = false;
            for leaf in leaves.iter_mut() {
                let next = step(nodes, *leaf, codes, row);
                has_moved |= next != *leaf;
                *leaf = next;
            }
            if !has_moved {
                break;
            }
        }
    }
}
