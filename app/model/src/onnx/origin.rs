//! Which input each column of a value comes from, and what happens to it on the way.
//!
//! In: a graph, and which of its inputs are features. Out: an [`Origin`] per column, if each is one
//! feature, changed by monotone steps at most.

use std::collections::HashMap;
use std::ops::Range;

use crate::onnx::graph::{Graph, Node};
use crate::onnx::steps::{Origin, Step};
use crate::onnx::tensor::{Kind, Tensor};

/// Features of the inputs, by slot, and whether they have single precision; none where they are no
/// floating-point numbers.
pub(super) type Spans = HashMap<usize, Option<(Range<u32>, bool)>>;

/// Nodes from a value up to its inputs, at most.
const MAX_DEPTH: usize = 16;

/// Columns of a value, at most.
const MAX_COLUMNS: usize = 1 << 20;

/// The origins of a value's columns.
pub(super) fn origins(graph: &Graph, spans: &Spans, slot: usize) -> Option<Vec<Origin>> {
    find(graph, spans, slot, 0)
}

fn find(graph: &Graph, spans: &Spans, slot: usize, depth: usize) -> Option<Vec<Origin>> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(span) = spans.get(&slot) {
        let (features, is_single) = span.clone()?;
        let origin = |feature| Origin {
            feature,
            is_single,
            steps: Vec::new(),
        };
        return Some(features.map(origin).collect());
    }
    let (_, node) = graph.maker(slot)?;
    let input = |idx: usize| node.inputs.get(idx).copied().flatten();
    let of = |idx: usize| find(graph, spans, input(idx)?, depth + 1);
    let constant = |idx: usize| graph.constant(input(idx)?);
    match node.op_type.as_str() {
        "Identity" => of(0),
        "Cast" => {
            let step = match node.to? {
                Kind::Single => Step::ToSingle,
                Kind::Double => Step::ToDouble,
                Kind::Int | Kind::Long | Kind::Truth | Kind::Text => return None,
            };
            stepped(of(0)?, &[step])
        }
        "Concat" | "FeatureVectorizer" => {
            let mut all = Vec::new();
            for idx in 0..node.inputs.len() {
                all.extend(of(idx)?);
                if all.len() > MAX_COLUMNS {
                    return None;
                }
            }
            Some(all)
        }
        "ArrayFeatureExtractor" => chosen(&of(0)?, constant(1)?),
        "Scaler" | "Imputer" => stepped(of(0)?, &node.built.steps),
        "Add" | "Mul" => match constant(1) {
            Some(numbers) => stepped(of(0)?, &arithmetic(node, numbers)?),
            None => stepped(of(1)?, &arithmetic(node, constant(0)?)?),
        },
        "Sub" | "Div" => stepped(of(0)?, &arithmetic(node, constant(1)?)?),
        _ => None,
    }
}

/// A further step for every column: one for all, or one each.
fn stepped(mut origins: Vec<Origin>, steps: &[Step]) -> Option<Vec<Origin>> {
    if steps.is_empty() || (steps.len() > 1 && steps.len() != origins.len()) {
        return None;
    }
    for (idx, origin) in origins.iter_mut().enumerate() {
        origin.steps.push(steps[idx % steps.len()]);
    }
    Some(origins)
}

/// Some of the columns.
fn chosen(origins: &[Origin], at: &Tensor) -> Option<Vec<Origin>> {
    let at = at.data.longs().ok()?;
    at.iter()
        .map(|at| origins.get(usize::try_from(*at).ok()?).cloned())
        .collect()
}

/// Arithmetic with one number, or with a row of them.
fn arithmetic(node: &Node, numbers: &Tensor) -> Option<Vec<Step>> {
    let is_row = matches!(numbers.shape[..], [] | [_] | [1, _]);
    let step = match node.op_type.as_str() {
        "Add" => Step::Add,
        "Sub" => Step::Subtract,
        "Mul" => Step::Multiply,
        "Div" => Step::Divide,
        _ => return None,
    };
    let numbers = numbers.data.doubles().ok().filter(|_| is_row)?;
    Some(numbers.into_iter().map(step).collect())
}
