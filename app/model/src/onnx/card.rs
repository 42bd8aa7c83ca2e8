//! What a graph's outputs are: probabilities, scores or values, of which classes, and how they come
//! about.
//!
//! In: a graph and what it gives for made-up rows. Out: [`Card`]: which values predictions and margins
//! are read from.
//!
//! Where a file gives labels and figures, the figures are predicted. Two columns of a classifier are
//! its two classes, of which the second one counts.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ModelTask;
use crate::OutputSpace;
use crate::ensemble::{Link, TreeEnsemble};
use crate::onnx::graph::{Graph, Node, Plan};
use crate::onnx::kernel::Fault;
use crate::onnx::origin::{Spans, origins};
use crate::onnx::post::Post;
use crate::onnx::tensor::{Data, Kind, Tensor};

/// What a graph's outputs are.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) plan: Plan,
    /// Name of the output that is predicted.
    pub(super) output: String,
    /// Columns of the predicted value.
    pub(super) width: usize,
    pub(super) n_outputs: usize,
    pub(super) space: OutputSpace,
    pub(super) task: Option<ModelTask>,
    pub(super) classes: Vec<String>,
    pub(super) margins: Margins,
    end: End,
    is_second: bool,
}

/// Where scores before the link are found.
#[derive(Debug)]
pub(super) enum Margins {
    /// Predictions are no link of anything.
    Predictions,
    /// The scores of the plan's node, or the plan's value.
    Scores { plan: Plan, has_difference: bool },
    /// There are none.
    None,
}

/// What a value is made by at last.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// The node at this position, an operator of `ai.onnx.ml` or any other.
    Node(usize),
    /// A logistic function of this value.
    Sigmoid(usize),
    /// A softmax of this value.
    Softmax(usize),
    /// An input or a constant.
    Given(usize),
}

/// A value traced back to what makes it.
struct Trace {
    end: End,
    is_normalized: bool,
    is_second: bool,
    labels: Option<Data>,
}

fn trace(graph: &Graph, slot: usize) -> Trace {
    let mut traced = Trace {
        end: End::Given(slot),
        is_normalized: false,
        is_second: false,
        labels: None,
    };
    let mut at = slot;
    // Nodes stand in order, so that this goes down only.
    while let Some((idx, node)) = graph.maker(at) {
        let input = |idx: usize| node.inputs.get(idx).copied().flatten();
        let first = input(0);
        let is_pair = node.inputs.len() == 2 && node.op_type == "Concat" && !traced.is_second;
        traced.end = End::Node(idx);
        traced.labels = traced.labels.or_else(|| node.labels.clone());
        let next = match node.op_type.as_str() {
            "ZipMap" | "Identity" | "Dropout" | "Reshape" | "Squeeze" | "Flatten" => first,
            "Cast" if matches!(node.to, Some(Kind::Single | Kind::Double)) => first,
            "Normalizer" | "LpNormalization" => {
                traced.is_normalized = true;
                first
            }
            "Concat" if is_pair && is_complement(graph, node) => {
                traced.is_second = true;
                input(1)
            }
            "Mul" if input(1).is_some_and(|slot| is_one(graph, slot)) => first,
            "Sigmoid" => {
                traced.end = first.map_or(traced.end, End::Sigmoid);
                None
            }
            "Softmax" => {
                traced.end = first.map_or(traced.end, End::Softmax);
                None
            }
            _ => None,
        };
        let Some(next) = next else { return traced };
        at = next;
        traced.end = End::Given(at);
    }
    traced
}

/// Whether a node puts `1 - p` and `p` side by side.
fn is_complement(graph: &Graph, node: &Node) -> bool {
    let [Some(first), Some(second)] = node.inputs[..] else {
        return false;
    };
    graph
        .maker(first)
        .is_some_and(|(_, node)| node.op_type == "Sub" && node.inputs.get(1) == Some(&Some(second)))
}

/// Whether a value is 1 throughout, as LightGBM's converter multiplies by it.
fn is_one(graph: &Graph, slot: usize) -> bool {
    #[expect(clippy::float_cmp, reason = "a product with exactly 1 changes nothing")]
    let is_one = |value: &f64| *value == 1.0;
    let doubles = graph.constant(slot).map(|tensor| tensor.data.doubles());
    matches!(doubles, Some(Ok(list)) if list.iter().all(is_one))
}

/// Class labels a label output is looked up in.
fn labels(graph: &Graph, slot: usize) -> Option<Data> {
    let mut at = slot;
    while let Some((_, node)) = graph.maker(at) {
        if let Some(labels) = &node.labels {
            return Some(labels.clone());
        }
        let first = node.inputs.first().copied().flatten()?;
        if matches!(node.op_type.as_str(), "ArrayFeatureExtractor" | "Gather") {
            return graph.constant(first).map(|tensor| tensor.data.clone());
        }
        at = first;
    }
    None
}

fn names(labels: &Data) -> Vec<String> {
    match labels {
        Data::Text(list) => list.iter().map(ToString::to_string).collect(),
        Data::Long(list) => list.iter().map(ToString::to_string).collect(),
        Data::Int(list) => list.iter().map(ToString::to_string).collect(),
        Data::Truth(list) => list.iter().map(ToString::to_string).collect(),
        Data::Single(list) => list.iter().map(ToString::to_string).collect(),
        Data::Double(list) => list.iter().map(ToString::to_string).collect(),
    }
}

/// The output figures are read from, and the one of labels.
fn choose(graph: &Graph, given: &[Arc<Tensor>]) -> Result<(usize, Option<usize>), Fault> {
    let is_figures = |tensor: &Tensor| matches!(tensor.data.kind(), Kind::Single | Kind::Double);
    let figures: Vec<usize> = (0..given.len())
        .filter(|idx| is_figures(&given[*idx]))
        .collect();
    let label = (0..given.len()).find(|idx| !is_figures(&given[*idx]));
    let is_named = |idx: &&usize| graph.outputs[**idx].0.to_lowercase().contains("prob");
    let chosen = figures.iter().find(is_named).or_else(|| figures.first());
    match (chosen, label) {
        (Some(figures), label) => Ok((*figures, label)),
        (None, Some(label)) if given[label].data.kind() != Kind::Text => Ok((label, None)),
        (None, _) => Err(Fault::Unsupported(
            "no output of numbers".to_owned(),
            "export it with its probabilities or scores as an output".to_owned(),
        )),
    }
}

impl Card {
    /// Reads a graph's outputs off what it gives for `n_rows` made-up rows.
    pub(super) fn new(graph: &Graph, given: &[Arc<Tensor>], n_rows: usize) -> Result<Self, Fault> {
        let (figures, label) = choose(graph, given)?;
        let (name, slot) = &graph.outputs[figures];
        let shape = &given[figures].shape;
        let width = match shape[..] {
            [rows] if rows == n_rows => 1,
            [rows, width] | [rows, width, 1] if rows == n_rows && width > 0 => width,
            _ => {
                return Err(format!(
                    "the output '{name}' has the shape {shape:?} for {n_rows} rows: it gives no figures per row"
                ).into());
            }
        };
        let traced = trace(graph, *slot);
        let found = traced.labels.clone();
        let found = found.or_else(|| label.and_then(|label| labels(graph, graph.outputs[label].1)));
        let is_soft = matches!(traced.end, End::Softmax(_))
            || (width == 1 && matches!(traced.end, End::Sigmoid(_)));
        let is_classifier = label.is_some() || found.is_some() || is_soft;
        let node = match traced.end {
            End::Node(idx) => Some(&graph.nodes[idx]),
            End::Sigmoid(_) | End::Softmax(_) | End::Given(_) => None,
        };
        let n_classes = if width == 1 { 2 } else { width };
        let is_per_pair = node.is_some_and(|node| {
            node.op_type == "SVMClassifier" && !node.has_probabilities && width > 2
        });
        let mut classes = found.map(|labels| names(&labels)).unwrap_or_default();
        let distinct: HashSet<&String> = classes.iter().collect();
        if !is_classifier
            || classes.len() != n_classes
            || distinct.len() != n_classes
            || is_per_pair
        {
            classes.clear();
        }
        let task = match (is_classifier, width, node) {
            (true, 1 | 2, _) => Some(ModelTask::Binary),
            (true, _, _) => Some(ModelTask::Multiclass),
            (false, _, Some(node)) if node.op_type.ends_with("Regressor") => {
                Some(ModelTask::Regression)
            }
            (false, _, _) => None,
        };
        let mut card = Self {
            plan: graph.plan(vec![*slot], None),
            output: name.clone(),
            width,
            n_outputs: if is_classifier && width == 2 {
                1
            } else {
                width
            },
            space: space(is_classifier, node, &traced),
            task,
            classes,
            margins: Margins::None,
            end: traced.end,
            is_second: traced.is_second,
        };
        card.margins = card.find_margins(graph, &traced);
        Ok(card)
    }

    fn is_classifier(&self) -> bool {
        matches!(self.task, Some(ModelTask::Binary | ModelTask::Multiclass))
    }

    fn find_margins(&self, graph: &Graph, traced: &Trace) -> Margins {
        let is_binary = self.task == Some(ModelTask::Binary);
        let value = |slot: usize, has_difference: bool| Margins::Scores {
            plan: graph.plan(vec![slot], None),
            has_difference,
        };
        match traced.end {
            End::Sigmoid(slot) if is_binary || !traced.is_normalized => value(slot, false),
            End::Softmax(slot) => value(slot, is_binary),
            End::Node(idx) => {
                let node = &graph.nodes[idx];
                let is_linked = node.built.scores.is_some();
                let is_kept =
                    is_binary || !traced.is_normalized || node.post == Some(Post::Softmax);
                match node.post {
                    Some(Post::Logistic | Post::Softmax) if is_linked && is_kept => {
                        Margins::Scores {
                            plan: graph.plan(Vec::new(), Some(idx)),
                            has_difference: node.post == Some(Post::Softmax),
                        }
                    }
                    _ if is_linked => Margins::None,
                    _ if self.space == OutputSpace::Probability => Margins::None,
                    _ => Margins::Predictions,
                }
            }
            End::Given(_) if !self.is_classifier() => Margins::Predictions,
            End::Sigmoid(_) | End::Given(_) => Margins::None,
        }
    }

    /// Rows of predictions from the predicted value.
    ///
    /// # Errors
    /// If it has other columns than it had for the made-up rows.
    pub(super) fn read(&self, value: &Tensor, n_rows: usize) -> Result<Vec<f64>, String> {
        let figures = value.data.doubles()?;
        if value.shape.first().is_none_or(|rows| *rows < n_rows)
            || figures.len() != value.shape[0] * self.width
        {
            return Err(format!(
                "it gives the shape {:?} for {n_rows} rows",
                value.shape
            ));
        }
        let rows = figures.chunks_exact(self.width).take(n_rows);
        Ok(if self.n_outputs < self.width {
            rows.map(|row| row[1]).collect()
        } else {
            rows.flatten().copied().collect()
        })
    }

    /// Rows of margins from scores.
    ///
    /// # Errors
    /// If they are not as many as the outputs, or, for two classes, one or two.
    pub(super) fn read_scores(
        &self,
        scores: &Tensor,
        n_rows: usize,
        has_difference: bool,
    ) -> Result<Vec<f64>, String> {
        let figures = scores.data.doubles()?;
        let n_given = scores.shape.first().copied().unwrap_or(0).max(1);
        let width = figures.len() / n_given;
        if n_given < n_rows || figures.len() != n_given * width {
            return Err(format!(
                "its scores have the shape {:?} for {n_rows} rows",
                scores.shape
            ));
        }
        let rows = figures.chunks_exact(width.max(1)).take(n_rows);
        match (self.n_outputs, width) {
            (1, 2) if has_difference => Ok(rows.map(|row| row[1] - row[0]).collect()),
            (1, 2) => Ok(rows.map(|row| row[1]).collect()),
            (outputs, width) if outputs == width => Ok(rows.flatten().copied().collect()),
            (outputs, width) => Err(format!("{width} scores for {outputs} outputs")),
        }
    }

    /// The trees, if the figures are theirs alone and they compare the very inputs.
    pub(super) fn ensemble(
        &self,
        graph: &Graph,
        spans: &Spans,
        features: &[String],
    ) -> Option<TreeEnsemble> {
        let (end, outer) = match self.end {
            End::Sigmoid(slot) => (trace(graph, slot).end, Some(Link::Logistic)),
            End::Softmax(slot) if self.n_outputs > 1 => {
                (trace(graph, slot).end, Some(Link::Softmax))
            }
            End::Node(_) => (self.end, None),
            End::Softmax(_) | End::Given(_) => return None,
        };
        let End::Node(idx) = end else { return None };
        let node = &graph.nodes[idx];
        let trees = node.built.trees.as_ref()?;
        let link = match (outer, trees.link()?) {
            (None, link) => link,
            (Some(outer), Link::Identity) if trees.classes.is_none() => outer,
            (Some(_), _) => return None,
        };
        if self.is_second && outer.is_none() {
            return None;
        }
        let columns = origins(graph, spans, node.inputs.first().copied().flatten()?)?;
        let surfaced = trees.surfaced(&columns, features, link)?;
        (surfaced.n_outputs as usize == self.n_outputs).then_some(surfaced)
    }
}

fn space(is_classifier: bool, node: Option<&Node>, traced: &Trace) -> OutputSpace {
    if !is_classifier {
        return OutputSpace::Value;
    }
    let is_probability = match node {
        None => true,
        Some(node) => match (node.op_type.as_str(), &node.built.trees) {
            (_, Some(trees)) => trees.gives_probabilities() || traced.is_normalized,
            ("SVMClassifier", None) => node.has_probabilities || node.post == Some(Post::Logistic),
            ("LinearClassifier", None) => node.post != Some(Post::None) || traced.is_normalized,
            ("ArrayFeatureExtractor" | "MatMul" | "Gemm" | "Add", None) => traced.is_normalized,
            _ => true,
        },
    };
    if is_probability {
        OutputSpace::Probability
    } else {
        OutputSpace::Score
    }
}
