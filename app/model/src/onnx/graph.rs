//! A graph made ready: nodes in order, values in numbered slots.
//!
//! In: values for its inputs. Out: the values that are wanted.
//!
//! A node uses only what stands before it, so that every run ends; `Scan` runs a graph of its own once
//! per row. Values are dropped after their last use. Knows no file; [`crate::onnx::build`] does.

use std::sync::Arc;

use crate::onnx::kernel::{Args, Budget, Built, Kernel};
use crate::onnx::post::Post;
use crate::onnx::proto::ValueProto;
use crate::onnx::tensor::{Data, Kind, MAX_ELEMENTS, Tensor, axis};
use crate::onnx::trees::Trees;

/// A graph made ready.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<(String, usize)>,
    pub(super) constants: Vec<(usize, Arc<Tensor>)>,
    /// Values of an outer graph: their names and slots here.
    pub(super) captured: Vec<(String, usize)>,
    pub(super) n_slots: usize,
    /// Per slot: the position of the node that makes it.
    pub(super) makers: Vec<Option<usize>>,
    /// The first thing in it that is not ours, so that it cannot run here.
    pub(super) foreign: Option<String>,
}

/// An input that must be given.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) slot: usize,
    pub(super) declared: ValueProto,
}

/// A node made ready.
pub(super) struct Node {
    /// What messages call it.
    pub(super) told: String,
    pub(super) op_type: String,
    pub(super) inputs: Vec<Option<usize>>,
    pub(super) outputs: Vec<Option<usize>>,
    pub(super) built: Built,
    /// Class labels among its attributes.
    pub(super) labels: Option<Data>,
    pub(super) post: Option<Post>,
    /// Whether a support vector classifier gives probabilities.
    pub(super) has_probabilities: bool,
    /// Type a `Cast` casts to.
    pub(super) to: Option<Kind>,
}

/// Runs a body once per row of what is scanned.
pub(super) fn scanned(
    body: &Graph,
    plan: &Plan,
    n_states: usize,
    args: &Args<'_>,
    budget: &mut Budget,
) -> Result<Vec<Tensor>, String> {
    let n_inputs = body.inputs.len();
    let (first, _) = (args.at(n_states)?, axis(0, args.at(n_states)?.shape.len())?);
    let n_rounds = first.shape[0];
    let mut states = Vec::new();
    for idx in 0..n_states {
        states.push(Arc::new(args.at(idx)?.clone()));
    }
    let mut outer = Vec::new();
    for idx in n_inputs..args.0.len() {
        outer.push(Arc::new(args.at(idx)?.clone()));
    }
    let mut stacks: Vec<Option<Tensor>> = vec![None; plan.wanted.len() - n_states];
    for round in 0..n_rounds {
        let mut feeds = states.clone();
        for idx in n_states..n_inputs {
            let input = args.at(idx)?;
            if input.shape.first() != Some(&n_rounds) {
                return Err(format!(
                    "it scans inputs of different lengths: {:?} and {n_rounds}",
                    input.shape
                ));
            }
            let shape = input.shape[1..].to_vec();
            let length: usize = shape.iter().product();
            let mut data = Data::none(input.data.kind());
            data.extend(&input.data, round * length..(round + 1) * length)?;
            feeds.push(Arc::new(Tensor::new(shape, data)?));
        }
        feeds.extend(outer.iter().cloned());
        let (mut given, _) = body.run(plan, feeds, budget)?;
        for (stack, value) in stacks.iter_mut().zip(given.drain(n_states..)) {
            budget.spend(value.data.len())?;
            match stack {
                None => *stack = Some((*value).clone()),
                Some(stack) if stack.shape == value.shape => {
                    stack.data.extend(&value.data, 0..value.data.len())?;
                    if stack.data.len() > MAX_ELEMENTS {
                        return Err(format!("it gives more than {MAX_ELEMENTS} elements"));
                    }
                }
                Some(stack) => {
                    return Err(format!(
                        "its body gives the shapes {:?} and {:?}",
                        stack.shape, value.shape
                    ));
                }
            }
        }
        states = given;
    }
    let mut given: Vec<Tensor> = states.iter().map(|state| (**state).clone()).collect();
    for stack in stacks {
        let mut stack = stack.ok_or("it scans no rows")?;
        stack.shape.insert(0, n_rounds);
        given.push(Tensor::new(stack.shape, stack.data)?);
    }
    Ok(given)
}

/// Which nodes must run for some values.
#[derive(Debug)]
pub(super) struct Plan {
    /// Positions of nodes, in order, each with the slots that are used last by it.
    steps: Vec<(usize, Vec<usize>)>,
    pub(super) wanted: Vec<usize>,
    /// The node whose scores are wanted too.
    scores_of: Option<usize>,
}

impl Graph {
    /// What must run for these values, and for the scores of a node before their transformation.
    pub(super) fn plan(&self, wanted: Vec<usize>, scores_of: Option<usize>) -> Plan {
        let mut is_needed = vec![false; self.n_slots];
        let mut is_kept = vec![false; self.n_slots];
        for slot in &wanted {
            (is_needed[*slot], is_kept[*slot]) = (true, true);
        }
        // Constants and inputs stay; only what nodes make is dropped.
        for (slot, _) in &self.constants {
            is_kept[*slot] = true;
        }
        for input in &self.inputs {
            is_kept[input.slot] = true;
        }
        for (_, slot) in &self.captured {
            is_kept[*slot] = true;
        }
        let mut steps = Vec::new();
        for (idx, node) in self.nodes.iter().enumerate().rev() {
            let makes = node.outputs.iter().flatten().any(|slot| is_needed[*slot]);
            if !makes && scores_of != Some(idx) {
                continue;
            }
            let mut ends = Vec::new();
            for slot in node.inputs.iter().flatten() {
                if !std::mem::replace(&mut is_needed[*slot], true) && !is_kept[*slot] {
                    ends.push(*slot);
                }
            }
            // What nobody needs goes at once.
            let unused = node
                .outputs
                .iter()
                .flatten()
                .filter(|slot| !is_needed[**slot]);
            ends.extend(unused);
            steps.push((idx, ends));
        }
        steps.reverse();
        Plan {
            steps,
            wanted,
            scores_of,
        }
    }

    /// The wanted values, and the scores if the plan has a node for them. `feeds` are the inputs, then
    /// what was captured.
    pub(super) fn run(
        &self,
        plan: &Plan,
        feeds: Vec<Arc<Tensor>>,
        budget: &mut Budget,
    ) -> Result<(Vec<Arc<Tensor>>, Option<Tensor>), String> {
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; self.n_slots];
        budget.spend(self.n_slots)?;
        let own = self.inputs.iter().map(|input| input.slot);
        let slots = own.chain(self.captured.iter().map(|(_, slot)| *slot));
        for (slot, feed) in slots.zip(feeds) {
            values[slot] = Some(feed);
        }
        for (slot, constant) in &self.constants {
            values[*slot] = Some(Arc::clone(constant));
        }
        let (mut scores, mut n_held) = (None, 0_usize);
        for (idx, ends) in &plan.steps {
            let node = &self.nodes[*idx];
            let args = Args(
                node.inputs
                    .iter()
                    .map(|slot| values[(*slot)?].as_deref())
                    .collect(),
            );
            let is_scored = plan.scores_of == Some(*idx);
            let given = node
                .run(&args, is_scored, budget)
                .map_err(|reason| format!("{}: {reason}", node.told))?;
            if given.len() < node.outputs.len() {
                return Err(format!(
                    "{}: it gives {} of {} outputs",
                    node.told,
                    given.len(),
                    node.outputs.len()
                ));
            }
            if is_scored {
                scores = given.into_iter().next();
                continue;
            }
            for (slot, tensor) in node.outputs.iter().zip(given) {
                if let Some(slot) = slot {
                    n_held = n_held.saturating_add(tensor.data.len());
                    values[*slot] = Some(Arc::new(tensor));
                }
            }
            if n_held > 2 * MAX_ELEMENTS {
                return Err(format!(
                    "{}: more than {} elements at once",
                    node.told,
                    2 * MAX_ELEMENTS
                ));
            }
            for slot in ends {
                if let Some(tensor) = values[*slot].take() {
                    n_held = n_held.saturating_sub(tensor.data.len());
                }
            }
        }
        let mut wanted = Vec::with_capacity(plan.wanted.len());
        for slot in &plan.wanted {
            let value = values[*slot].clone();
            wanted.push(value.ok_or("a value is not made")?);
        }
        Ok((wanted, scores))
    }

    /// Values of the inputs with their names.
    pub(super) fn named(&self, values: Vec<Arc<Tensor>>) -> Vec<(String, Arc<Tensor>)> {
        let names = self.inputs.iter().map(|input| input.declared.name.clone());
        names.zip(values).collect()
    }

    /// The node that makes a value.
    pub(super) fn maker(&self, slot: usize) -> Option<(usize, &Node)> {
        let idx = self.makers.get(slot).copied().flatten()?;
        Some((idx, &self.nodes[idx]))
    }

    /// A value that is always the same.
    pub(super) fn constant(&self, slot: usize) -> Option<&Tensor> {
        // Slots of constants are given out first, in order.
        let (own, tensor) = self.constants.get(slot)?;
        (*own == slot).then_some(&**tensor)
    }

    /// Columns a value must have by what uses it, directly or through casts.
    pub(super) fn width(&self, slot: usize) -> Option<usize> {
        let mut same = vec![false; self.n_slots];
        same[slot] = true;
        let mut trees = None;
        for node in &self.nodes {
            if !node
                .inputs
                .first()
                .copied()
                .flatten()
                .is_some_and(|slot| same[slot])
            {
                continue;
            }
            let width = match node.op_type.as_str() {
                "MatMul" | "Gemm" => {
                    let weights = node.inputs.get(1).copied().flatten();
                    let weights = weights.and_then(|slot| self.constant(slot));
                    weights.and_then(|tensor| tensor.shape.first().copied())
                }
                "Cast" | "Identity" => {
                    if let Some(slot) = node.outputs.first().copied().flatten() {
                        same[slot] = true;
                    }
                    None
                }
                _ => node.built.width,
            };
            if width.is_some() {
                return width;
            }
            trees = trees.max(node.built.trees.as_ref().map(|trees| trees.width));
        }
        trees
    }

    /// All trees.
    pub(super) fn trees(&self) -> Vec<&Trees> {
        let trees = self
            .nodes
            .iter()
            .filter_map(|node| node.built.trees.as_deref());
        trees.collect()
    }
}

impl Node {
    fn run(
        &self,
        args: &Args<'_>,
        is_scored: bool,
        budget: &mut Budget,
    ) -> Result<Vec<Tensor>, String> {
        budget.spend(args.0.len())?;
        let kernel: &Kernel = match &self.built.scores {
            Some(scores) if is_scored => {
                let mut given = scores(args, budget)?;
                given.resize(self.outputs.len().max(1), given[0].clone());
                return Ok(given);
            }
            _ => &self.built.run,
        };
        kernel(args, budget)
    }
}
