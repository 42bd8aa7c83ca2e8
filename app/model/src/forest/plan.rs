//! Trees made ready for whole blocks of rows.
//!
//! In: a checked [`TreeEnsemble`]. Out: a [`Plan`]: its code columns, each tree as a program or as
//! nodes to walk, and leaf values by leaf number.
//!
//! Knows no rows; see [`super::blocks`] for those.

use super::codes::{Builder, Codes};
use super::program::{Decision, MAX_LEAVES, Program, Source, Value};
use super::reference::row_of;
use super::walk::Node;
use crate::ensemble::TreeEnsemble;

/// Most nodes that are made ready; more are walked as they are.
const MAX_NODES: usize = 1 << 23;

/// Most outputs.
const MAX_OUTPUTS: usize = 256;

/// Deepest tree that becomes a program: the way down is walked by recursion.
const MAX_DEPTH: usize = MAX_LEAVES;

/// Trees ready to predict with sums of type `T`.
#[derive(Debug, Clone)]
pub(super) struct Plan<T> {
    pub(super) codes: Codes,
    pub(super) trees: Vec<Planned>,
    pub(super) program: Program,
    pub(super) nodes: Vec<Node>,
    /// Per node of `nodes`: its leaf number.
    pub(super) leaves: Vec<u32>,
    pub(super) values: Vec<T>,
    /// Which outputs trees add to, and where in `values` what they add begins.
    pub(super) additions: Vec<(usize, usize)>,
}

/// One tree.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) shape: Shape,
    /// Its root in `nodes`.
    pub(super) root: u32,
    /// Leaf values per output, filled up to a power of two.
    pub(super) n_values: usize,
    /// Its `additions`: the first, and the one after the last.
    pub(super) additions: (usize, usize),
}

/// How a tree is evaluated for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// By a program: its first op, and the one after the last.
    Program { first: usize, end: usize },
    /// By a program with one decision per depth.
    Levels { first: usize, end: usize },
    /// By walking.
    Walk,
}

/// A tree while it is made ready: node 0 is the root, the children of a node stand side by side.
struct Numbered {
    /// The node in the ensemble.
    source: Vec<usize>,
    /// The first of two children, 0 for a leaf.
    child: Vec<u32>,
    decisions: Vec<Decision>,
    /// Leaf numbers; 0 for inner nodes.
    leaf: Vec<u32>,
    depth: Vec<usize>,
    n_leaves: usize,
}

impl<T: Value> Plan<T> {
    /// `None` if it would not pay: too many nodes, outputs or code columns.
    pub(super) fn new(trees: &TreeEnsemble) -> Option<Self> {
        let n_outputs = trees.n_outputs as usize;
        if trees.n_nodes() > MAX_NODES || n_outputs > MAX_OUTPUTS {
            return None;
        }
        let mut builder = Builder::new(trees);
        let mut plan = Self {
            codes: Builder::default().finish(),
            trees: Vec::with_capacity(trees.tree_starts.len()),
            program: Program::default(),
            nodes: Vec::with_capacity(trees.n_nodes()),
            leaves: Vec::with_capacity(trees.n_nodes()),
            values: Vec::new(),
            additions: Vec::new(),
        };
        // Leaves that share rows must not make more of them than the ensemble is large.
        let most_values = 4 * (trees.n_nodes() + trees.leaf_rows.len()) + 1024;
        for (tree, start) in trees.tree_starts.iter().enumerate() {
            let numbered = numbered(trees, *start as usize, &mut builder)?;
            let n_added = numbered.n_leaves.next_power_of_two();
            let n_added = match trees.tree_outputs[tree] {
                TreeEnsemble::ALL_OUTPUTS => n_added * n_outputs,
                _one => n_added,
            };
            if plan.values.len() + n_added > most_values {
                return None;
            }
            plan.add(trees, tree, &numbered)?;
        }
        plan.codes = builder.finish();
        // Rows are coded for each column: that must not cost more than walking.
        if plan.codes.n_columns() > 256 + 16 * plan.trees.len() {
            return None;
        }
        Some(plan)
    }

    fn add(&mut self, trees: &TreeEnsemble, tree: usize, numbered: &Numbered) -> Option<()> {
        let root = u32::try_from(self.nodes.len()).ok()?;
        for (at, child) in numbered.child.iter().enumerate() {
            let own = root + u32::try_from(at).ok()?;
            self.nodes.push(if *child == 0 {
                Node::leaf(own)
            } else {
                Node::inner(numbered.decisions[at], root + child)
            });
        }
        self.leaves.extend(&numbered.leaf);
        let shape = self.shape(numbered)?;
        let n_values = numbered.n_leaves.next_power_of_two();
        let first = self.additions.len();
        let n_outputs = trees.n_outputs as usize;
        let output = trees.tree_outputs[tree];
        let has_rows = output == TreeEnsemble::ALL_OUTPUTS;
        let outputs = if has_rows {
            0..n_outputs
        } else {
            output as usize..output as usize + 1
        };
        for output in outputs {
            let begin = self.values.len();
            self.additions.push((output, begin));
            self.values.resize(begin + n_values, T::default());
            for (at, source) in numbered.source.iter().enumerate() {
                if numbered.child[at] == 0 {
                    let value = trees.value[*source];
                    let value = if has_rows {
                        trees.leaf_rows[row_of(value) * n_outputs + output]
                    } else {
                        value
                    };
                    self.values[begin + numbered.leaf[at] as usize] = T::from_double(value);
                }
            }
        }
        self.trees.push(Planned {
            shape,
            root,
            n_values,
            additions: (first, self.additions.len()),
        });
        Some(())
    }

    /// Chooses how the tree is evaluated and writes its program.
    fn shape(&mut self, numbered: &Numbered) -> Option<Shape> {
        let first = self.program.len();
        if let Some(levels) = levels(numbered) {
            for decision in levels {
                self.program
                    .push(decision, Source::Leaf(0), Source::Leaf(0), 0)?;
            }
            let end = self.program.len();
            return Some(Shape::Levels { first, end });
        }
        let deepest = numbered.depth.iter().copied().max().unwrap_or(0);
        if numbered.n_leaves > MAX_LEAVES || deepest > MAX_DEPTH {
            return Some(Shape::Walk);
        }
        emit(numbered, &needs(numbered), 0, 0, &mut self.program)?;
        let end = self.program.len();
        Some(Shape::Program { first, end })
    }
}

/// Numbers nodes breadth first.
fn numbered(trees: &TreeEnsemble, start: usize, builder: &mut Builder) -> Option<Numbered> {
    let mut tree = Numbered {
        source: vec![start],
        child: Vec::new(),
        decisions: Vec::new(),
        leaf: Vec::new(),
        depth: vec![0],
        n_leaves: 0,
    };
    let mut at = 0;
    while at < tree.source.len() {
        let source = tree.source[at];
        if trees.is_leaf(source) {
            tree.child.push(0);
            tree.decisions.push(Decision::ALWAYS);
            tree.leaf.push(u32::try_from(tree.n_leaves).ok()?);
            tree.n_leaves += 1;
        } else {
            tree.child.push(u32::try_from(tree.source.len()).ok()?);
            tree.decisions.push(builder.decision(trees, source)?);
            tree.leaf.push(0);
            tree.source.push(trees.yes[source] as usize);
            tree.source.push(trees.no[source] as usize);
            let depth = tree.depth[at] + 1;
            tree.depth.extend([depth, depth]);
        }
        at += 1;
    }
    Some(tree)
}

/// One decision per depth, if all nodes of a depth take the same and all leaves are equally deep.
/// Breadth-first numbers of leaves are then the decisions' bits.
fn levels(tree: &Numbered) -> Option<Vec<Decision>> {
    let depth = *tree.depth.last()?;
    if depth > 8 || tree.n_leaves != 1 << depth {
        return None;
    }
    let mut levels = Vec::with_capacity(depth);
    for at in (0..tree.source.len()).filter(|at| tree.child[*at] != 0) {
        let own = tree.depth[at];
        if own == levels.len() {
            levels.push(tree.decisions[at]);
        } else if levels.get(own) != Some(&tree.decisions[at]) {
            return None;
        }
    }
    (levels.len() == depth).then_some(levels)
}

/// Lines each node needs: children stand after their parent.
fn needs(tree: &Numbered) -> Vec<u8> {
    let mut needs = vec![0; tree.source.len()];
    for at in (0..tree.source.len()).rev() {
        let child = tree.child[at] as usize;
        if child != 0 {
            let (yes, no): (u8, u8) = (needs[child], needs[child + 1]);
            needs[at] = if yes == no { yes + 1 } else { yes.max(no) };
        }
    }
    needs
}

/// Writes the ops of a node and what is below it; its leaf numbers then stand in `line`. No deeper
/// than [`MAX_DEPTH`].
fn emit(
    tree: &Numbered,
    needs: &[u8],
    at: usize,
    line: u8,
    program: &mut Program,
) -> Option<Source> {
    let child = tree.child[at] as usize;
    if child == 0 {
        return Some(Source::Leaf(u8::try_from(tree.leaf[at]).ok()?));
    }
    let (yes, no) = (child, child + 1);
    let (greater, lesser) = if needs[yes] >= needs[no] {
        (yes, no)
    } else {
        (no, yes)
    };
    let greater_source = emit(tree, needs, greater, line, program)?;
    let lesser_source = emit(tree, needs, lesser, line + 1, program)?;
    let (yes_source, no_source) = if greater == yes {
        (greater_source, lesser_source)
    } else {
        (lesser_source, greater_source)
    };
    program.push(tree.decisions[at], yes_source, no_source, line)?;
    Some(Source::Line(line))
}
