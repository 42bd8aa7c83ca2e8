//! Makes graphs ready to run: names become slots, nodes become kernels.
//!
//! In: a graph as the file has it. Out: [`Graph`], or which node cannot be run and why.
//!
//! What a graph within a node needs from outside becomes a further input of that node.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::limits::Limits;
use crate::onnx::graph::{Graph, Input, Node, scanned};
use crate::onnx::kernel::{Built, External, Fault, Spec, tensor};
use crate::onnx::ops;
use crate::onnx::post::Post;
use crate::onnx::proto::{Attribute, GraphProto, NodeProto};
use crate::onnx::tensor::{Data, Kind, Tensor};

/// What everything in a file has in common.
pub(super) struct Context<'a> {
    pub(super) opsets: &'a [(String, i64)],
    pub(super) limits: &'a Limits,
    pub(super) external: &'a External<'a>,
    /// Whether what is not ours may stay in the graph, which then runs elsewhere.
    pub(super) is_lenient: bool,
}

/// Names known where a graph stands, the innermost first.
struct Visible<'a> {
    names: &'a HashMap<String, usize>,
    outer: Option<&'a Visible<'a>>,
}

impl Visible<'_> {
    fn has(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.outer.is_some_and(|outer| outer.has(name))
    }
}

/// Makes the graph of a file ready.
pub(super) fn ready(proto: &GraphProto<'_>, context: &Context<'_>) -> Result<Graph, Fault> {
    Builder::default().graph(proto, context, None)
}

/// A graph in the making.
#[derive(Default)]
struct Builder {
    slots: HashMap<String, usize>,
    n_slots: usize,
    captured: Vec<(String, usize)>,
    /// The first thing in it that is not ours.
    foreign: Option<String>,
}

impl Builder {
    fn slot(&mut self, name: &str) -> Result<usize, String> {
        let slot = self.n_slots;
        self.n_slots += 1;
        match self.slots.insert(name.to_owned(), slot) {
            None => Ok(slot),
            Some(_) => Err(format!("the value '{name}' is made twice")),
        }
    }

    fn graph(
        mut self,
        proto: &GraphProto<'_>,
        context: &Context<'_>,
        outer: Option<&Visible<'_>>,
    ) -> Result<Graph, Fault> {
        if proto.has_sparse {
            self.leave(
                context,
                Fault::Unsupported(
                    "a sparse initializer".to_owned(),
                    "export it with dense weights".to_owned(),
                ),
            )?;
        }
        let mut constants = Vec::new();
        for initializer in &proto.initializers {
            let slot = self.slot(&initializer.name)?;
            let tensor = match tensor(initializer, context.external) {
                Ok(tensor) => tensor,
                Err(fault) => {
                    self.leave(context, fault)?;
                    Tensor::new(vec![0], Data::none(Kind::Text))?
                }
            };
            constants.push((slot, Arc::new(tensor)));
        }
        let mut inputs = Vec::new();
        for declared in &proto.inputs {
            if !self.slots.contains_key(&declared.name) {
                let slot = self.slot(&declared.name)?;
                inputs.push(Input {
                    slot,
                    declared: declared.clone(),
                });
            }
        }
        let later: HashSet<&str> = proto
            .nodes
            .iter()
            .flat_map(|node| node.outputs.iter().map(String::as_str))
            .collect();
        let mut nodes = Vec::with_capacity(proto.nodes.len());
        for (idx, node) in proto.nodes.iter().enumerate() {
            nodes.push(self.node(idx, node, context, outer, &later)?);
        }
        let mut outputs = Vec::new();
        for output in &proto.outputs {
            let slot = self
                .find(&output.name, outer)
                .ok_or_else(|| format!("the graph gives '{}', which nothing makes", output.name))?;
            outputs.push((output.name.clone(), slot));
        }
        let mut makers = vec![None; self.n_slots];
        for (idx, node) in nodes.iter().enumerate() {
            for slot in node.outputs.iter().flatten() {
                makers[*slot] = Some(idx);
            }
        }
        Ok(Graph {
            makers,
            nodes,
            inputs,
            outputs,
            constants,
            captured: self.captured,
            n_slots: self.n_slots,
            foreign: self.foreign,
        })
    }

    /// Leaves what is not ours in the graph, if it may run elsewhere.
    fn leave(&mut self, context: &Context<'_>, fault: Fault) -> Result<(), Fault> {
        match fault {
            Fault::Unsupported(part, _) if context.is_lenient => {
                self.foreign.get_or_insert(part);
                Ok(())
            }
            fault => Err(fault),
        }
    }

    /// The slot of a value; one of an outer graph gets a slot here.
    fn find(&mut self, name: &str, outer: Option<&Visible<'_>>) -> Option<usize> {
        if let Some(slot) = self.slots.get(name) {
            return Some(*slot);
        }
        if !outer?.has(name) {
            return None;
        }
        let slot = self.slot(name).ok()?;
        self.captured.push((name.to_owned(), slot));
        Some(slot)
    }

    fn node(
        &mut self,
        idx: usize,
        node: &NodeProto<'_>,
        context: &Context<'_>,
        outer: Option<&Visible<'_>>,
        later: &HashSet<&str>,
    ) -> Result<Node, Fault> {
        let named = if node.name.is_empty() {
            String::new()
        } else {
            format!(" '{}'", node.name)
        };
        let told = format!(
            "node {idx}{named} ({} of {})",
            node.op_type,
            ops::domain_name(&node.domain)
        );
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for name in &node.inputs {
            inputs.push(match self.find(name, outer) {
                _ if name.is_empty() => None,
                Some(slot) => Some(slot),
                None if later.contains(name.as_str()) => {
                    return Err(format!(
                        "{told} needs the value '{name}', which is made after it: the graph has a cycle or is out of order"
                    ).into());
                }
                None => {
                    return Err(format!(
                        "{told} needs the value '{name}', which no node, input or initializer gives"
                    ).into());
                }
            });
        }
        let is_standard = node.domain.is_empty() || node.domain == "ai.onnx";
        let opset = context.opsets.iter().find(|(domain, _)| {
            *domain == node.domain || (is_standard && (domain.is_empty() || domain == "ai.onnx"))
        });
        let spec = Spec {
            node,
            opset: opset.map_or(1, |(_, version)| *version),
            limits: context.limits,
            external: context.external,
        };
        let built = match node.op_type.as_str() {
            "Scan" if is_standard => self.scan(&spec, context, outer, &mut inputs),
            "ZipMap" if node.domain == "ai.onnx.ml" => {
                Ok(Built::plain(|args, _budget| Ok(vec![args.at(0)?.clone()])))
            }
            _ => ops::build(&spec),
        };
        let built = match built.map_err(|fault| fault.of(&told)) {
            Ok(built) => built,
            Err(fault) => {
                self.leave(context, fault)?;
                Built::plain(|_args, _budget| Err("it is not ours".to_owned()))
            }
        };
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for name in &node.outputs {
            outputs.push(if name.is_empty() {
                None
            } else {
                Some(self.slot(name)?)
            });
        }
        let post = built.trees.as_ref().map(|trees| trees.post);
        Ok(Node {
            told,
            op_type: node.op_type.clone(),
            inputs,
            outputs,
            built,
            labels: spec.labels(),
            post: post.or_else(|| Post::named(&spec.text("post_transform", "NONE")).ok()),
            has_probabilities: spec.has("prob_a"),
            to: Kind::of(spec.int("to", 0)),
        })
    }

    /// `Scan`: its body's needs from outside become further inputs.
    fn scan(
        &mut self,
        spec: &Spec<'_>,
        context: &Context<'_>,
        outer: Option<&Visible<'_>>,
        inputs: &mut Vec<Option<usize>>,
    ) -> Result<Built, Fault> {
        let attributes = spec.node.attributes.iter();
        let mut bodies = attributes.filter_map(|(name, value)| match value {
            Attribute::Graph(body) if name == "body" => Some(body),
            _ => None,
        });
        let body = bodies.next_back().ok_or("it has no body".to_owned())?;
        let is_plain = [
            "scan_input_axes",
            "scan_output_axes",
            "scan_input_directions",
            "scan_output_directions",
        ]
        .iter()
        .all(|name| {
            spec.ints(name)
                .unwrap_or_default()
                .iter()
                .all(|value| *value == 0)
        });
        if spec.opset < 9 || !is_plain {
            return Err(Fault::Unsupported(
                "a Scan of version 8, or along other dimensions than the first, or backwards"
                    .to_owned(),
                "export it with target_opset 9 or higher".to_owned(),
            ));
        }
        let visible = Visible {
            names: &self.slots,
            outer,
        };
        let body = Builder::default().graph(body, context, Some(&visible))?;
        if let Some(part) = &body.foreign {
            self.foreign.get_or_insert_with(|| part.clone());
        }
        let n_scanned = usize::try_from(spec.int("num_scan_inputs", 1)).unwrap_or(usize::MAX);
        let n_states = inputs.len().checked_sub(n_scanned);
        let n_states = n_states.filter(|n| *n <= body.outputs.len() && n_scanned > 0);
        let n_states =
            n_states.ok_or_else(|| format!("it scans {n_scanned} of {} inputs", inputs.len()))?;
        if body.inputs.len() != inputs.len() || body.outputs.len() != spec.node.outputs.len() {
            return Err("its body has other inputs or outputs than it"
                .to_owned()
                .into());
        }
        for (name, _) in &body.captured {
            let slot = self.find(name, outer);
            inputs.push(Some(
                slot.ok_or_else(|| format!("the value '{name}' is not there"))?,
            ));
        }
        let wanted = body.outputs.iter().map(|(_, slot)| *slot).collect();
        let plan = body.plan(wanted, None);
        Ok(Built::plain(move |args, budget| {
            scanned(&body, &plan, n_states, args, budget)
        }))
    }
}
