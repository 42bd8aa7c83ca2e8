//! The trees of a model trained here, over its inputs themselves.
//!
//! In: trees over encoded columns, one per category. Out: a [`Forest`] that gives the same scores to
//! the bit, and the [`TreeEnsemble`] it stands for.
//!
//! A decision about the column of a category asks whether the input is that category; where a missing
//! number goes is where the median goes that stands for it.

use super::content::{Content, Node, Scorer, Tree};
use crate::encode::Input;
use crate::ensemble::{Comparison, Link, TreeEnsemble};
use crate::error::ModelError;
use crate::forest::{Forest, Sums};

/// An encoded column: a number with the median, or whether the input is a category.
#[derive(Debug, Clone, Copy)]
enum Encoded {
    Number { fill: f64 },
    Category { position: usize },
}

/// The trees; `None` if the model is not made of trees.
///
/// # Errors
/// If they do not hold together, for example because a threshold is not a number.
pub(super) fn forest(
    content: &Content,
    format: &'static str,
) -> Result<Option<Forest>, ModelError> {
    let (trees, divisor) = match &content.scorer {
        Scorer::Mean { trees, .. } => (voting(content, trees), trees.len() as f64),
        Scorer::Sum {
            base,
            trees,
            outputs,
            link,
        } => (adding(content, base, trees, outputs, (*link).into()), 1.0),
        Scorer::Linear { .. } => return Ok(None),
    };
    let sums = Sums {
        divisor,
        ..Sums::plain(false)
    };
    Forest::new(trees, sums, format).map(Some)
}

/// The ensemble whose plain sums are the margins: what is divided at the end is divided in the leaves.
pub(super) fn ensemble(content: &Content, forest: &Forest) -> TreeEnsemble {
    let mut ensemble = forest.trees().clone();
    if let Scorer::Mean { trees, .. } = &content.scorer {
        let n_trees = trees.len() as f64;
        for at in 0..ensemble.n_nodes() {
            if ensemble.is_leaf(at) && ensemble.leaf_rows.is_empty() {
                ensemble.value[at] /= n_trees;
            }
        }
        for value in &mut ensemble.leaf_rows {
            *value /= n_trees;
        }
    }
    ensemble
}

/// Trees that say one figure per output; of two classes only the second counts.
fn voting(content: &Content, trees: &[Tree]) -> TreeEnsemble {
    let n_outputs = match content.n_scores() {
        2 => 1,
        n => n,
    };
    let mut ensemble = start(content, vec![0.0; n_outputs], Link::Identity);
    let encoded = encoded(content);
    for tree in trees {
        let output = if n_outputs > 1 {
            TreeEnsemble::ALL_OUTPUTS
        } else {
            0
        };
        add(&mut ensemble, tree, output, &encoded);
    }
    ensemble
}

/// Trees that add to an output each.
fn adding(
    content: &Content,
    base: &[f64],
    trees: &[Tree],
    outputs: &[usize],
    link: Link,
) -> TreeEnsemble {
    let mut ensemble = start(content, base.to_vec(), link);
    let encoded = encoded(content);
    for (tree, output) in trees.iter().zip(outputs) {
        add(&mut ensemble, tree, narrow(*output), &encoded);
    }
    ensemble
}

fn start(content: &Content, base: Vec<f64>, link: Link) -> TreeEnsemble {
    let inputs = content.encoder.inputs.iter();
    TreeEnsemble {
        features: inputs.map(|input| input.name().to_owned()).collect(),
        n_outputs: narrow(base.len()),
        base,
        link,
        ..TreeEnsemble::default()
    }
}

/// What each encoded column is, with the position of its input.
fn encoded(content: &Content) -> Vec<(u32, Encoded)> {
    let mut columns = Vec::with_capacity(content.encoder.width());
    for (at, input) in content.encoder.inputs.iter().enumerate() {
        match input {
            Input::Numeric { fill, .. } => {
                columns.push((narrow(at), Encoded::Number { fill: *fill }));
            }
            Input::Categorical { categories, .. } => columns.extend(
                (0..categories.len()).map(|position| (narrow(at), Encoded::Category { position })),
            ),
        }
    }
    columns
}

fn add(ensemble: &mut TreeEnsemble, tree: &Tree, output: u32, encoded: &[(u32, Encoded)]) {
    let start = ensemble.n_nodes();
    ensemble.tree_starts.push(narrow(start));
    ensemble.tree_outputs.push(output);
    for node in &tree.nodes {
        match node {
            Node::Leaf(values) => {
                let value = if output == TreeEnsemble::ALL_OUTPUTS {
                    let row = ensemble.leaf_rows.len() / values.len().max(1);
                    ensemble.leaf_rows.extend(values);
                    row as f64
                } else {
                    // The only figure, or the vote for the second class.
                    values.last().copied().unwrap_or(f64::NAN)
                };
                ensemble.feature.push(TreeEnsemble::LEAF);
                ensemble.comparison.push(Comparison::LessOrEqual);
                ensemble.value.push(value);
                ensemble.yes.push(0);
                ensemble.no.push(0);
                ensemble.missing_goes_yes.push(false);
            }
            Node::Inner {
                feature,
                threshold,
                yes,
                no,
            } => {
                let (feature, encoded) = encoded[*feature];
                let decision = decision(encoded, *threshold);
                let (yes, no) = if decision.is_swapped {
                    (no, yes)
                } else {
                    (yes, no)
                };
                ensemble.feature.push(feature);
                ensemble.comparison.push(decision.comparison);
                ensemble.value.push(decision.threshold);
                ensemble.yes.push(narrow(start + yes));
                ensemble.no.push(narrow(start + no));
                ensemble.missing_goes_yes.push(decision.missing_goes_yes);
            }
        }
    }
}

/// A decision over an input.
struct Decision {
    comparison: Comparison,
    threshold: f64,
    missing_goes_yes: bool,
    /// Whether what meets it goes where the encoded column does not meet its own.
    is_swapped: bool,
}

fn decision(encoded: Encoded, threshold: f64) -> Decision {
    match encoded {
        Encoded::Number { fill } => Decision {
            comparison: Comparison::LessOrEqual,
            threshold,
            missing_goes_yes: fill <= threshold,
            is_swapped: false,
        },
        // The column holds 1 for the category, else 0.
        Encoded::Category { position } if (0.0..1.0).contains(&threshold) => Decision {
            comparison: Comparison::Equal,
            threshold: position as f64,
            missing_goes_yes: false,
            is_swapped: true,
        },
        Encoded::Category { .. } => {
            let is_always = threshold >= 1.0;
            Decision {
                comparison: Comparison::LessOrEqual,
                // A position is finite.
                threshold: if is_always {
                    f64::INFINITY
                } else {
                    f64::NEG_INFINITY
                },
                missing_goes_yes: is_always,
                is_swapped: false,
            }
        }
    }
}

/// Positions beyond the range are refused when the trees are checked.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
