//! XGBoost's JSON format, versions 1.0 to 3.x: `gbtree` and `dart`.
//!
//! In: the bytes of a file that `save_model("model.json")` wrote. Out: a [`Model`] whose predictions
//! are those of `Booster.predict`.
//!
//! Source: the JSON schema in XGBoost's documentation ("Introduction to Model IO") and files written
//! by it. Values are compared and added in single precision, in tree order, as XGBoost does on the
//! CPU; a missing value takes the default direction.

mod file;

use file::{Booster, File};
use std::borrow::Cow;

use crate::batch::Batch;
use crate::ensemble::{Comparison, Link, TreeEnsemble};
use crate::error::ModelError;
use crate::limits::Limits;
use crate::{FeatureInfo, Model, ModelInfo};

const FORMAT: &str = "xgboost-json";

/// Rows predicted together, so that a tree stays in the cache.
const BLOCK: usize = 64;

/// Marks a leaf.
const LEAF: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct XgBoost {
    info: ModelInfo,
    has_names: bool,
    objective: Objective,
    /// Margin every row starts from, per output.
    base: Vec<f32>,
    nodes: Vec<Node>,
    cover: Vec<f64>,
    /// First node of each tree.
    starts: Vec<u32>,
    outputs: Vec<u32>,
}

/// 16 bytes, four to a cache line.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Input; [`LEAF`] for a leaf.
    feature: u32,
    /// Threshold, or what a leaf adds.
    value: f32,
    yes: u32,
    /// The other child; the top bit says that missing values go to `yes`.
    no: u32,
}

const MISSING_GOES_YES: u32 = 1 << 31;

/// What becomes of margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objective {
    Link(Link),
    /// The class of the greatest margin, as probabilities 0 and 1.
    Hinge,
}

/// Reads a model.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<XgBoost, ModelError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    let learner = file.learner;
    let (model, drops) = match learner.gradient_booster {
        Booster::Gbtree { model } => (model, None),
        Booster::Dart {
            gbtree,
            weight_drop,
        } => (gbtree.model, Some(weight_drop)),
        Booster::Gblinear {} => return Err(unsupported("the linear booster")),
    };
    let n_features = parse_count(&learner.param.num_feature)?;
    let n_outputs = parse_count(&learner.param.num_class)?.max(1);
    if parse_count(&learner.param.num_target)? > 1 {
        return Err(unsupported("several targets"));
    }
    check_limits(&model, n_features, n_outputs, limits)?;
    let mut booster = XgBoost {
        info: info(&learner.feature_names, n_features, n_outputs)?,
        has_names: !learner.feature_names.is_empty(),
        objective: objective(&learner.objective.name)?,
        base: base(
            &learner.param.base_score,
            &learner.objective.name,
            n_outputs,
        )?,
        nodes: Vec::new(),
        cover: Vec::new(),
        starts: Vec::new(),
        outputs: Vec::new(),
    };
    let n_trees = n_trees_used(&learner.attributes, &model, n_outputs);
    for (idx, tree) in model.list.iter().take(n_trees).enumerate() {
        let output = model.tree_info.get(idx).copied().unwrap_or(0);
        let output = u32::try_from(output)
            .ok()
            .filter(|output| (*output as usize) < n_outputs);
        let output = output
            .ok_or_else(|| damaged(format!("tree {idx} adds to an output that is not there")))?;
        let factor = drops
            .as_ref()
            .map_or(1.0, |drops| drops.get(idx).copied().unwrap_or(1.0));
        booster.add(idx, tree, output, factor, n_features)?;
    }
    Ok(booster)
}

fn damaged(reason: String) -> ModelError {
    ModelError::Damaged {
        format: FORMAT,
        reason,
    }
}

fn unsupported(part: &str) -> ModelError {
    ModelError::Unsupported {
        format: FORMAT,
        part: part.to_owned(),
        advice: "train it with one output per tree and numeric inputs".to_owned(),
    }
}

fn parse_count(text: &str) -> Result<usize, ModelError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse()
        .map_err(|_not_a_count| damaged(format!("'{text}' is no count")))
}

fn check_limits(
    model: &file::Trees,
    n_features: usize,
    n_outputs: usize,
    limits: &Limits,
) -> Result<(), ModelError> {
    let n_nodes: usize = model.list.iter().map(|tree| tree.left_children.len()).sum();
    for (what, number, limit) in [
        ("trees", model.list.len(), limits.n_trees),
        ("nodes", n_nodes, limits.n_nodes),
        ("inputs", n_features, limits.n_features),
        ("outputs", n_outputs, limits.n_outputs),
    ] {
        if number > limit {
            return Err(ModelError::TooLarge(format!(
                "{number} {what}, the limit is {limit}"
            )));
        }
    }
    Ok(())
}

fn info(names: &[String], n_features: usize, n_outputs: usize) -> Result<ModelInfo, ModelError> {
    if !names.is_empty() && names.len() != n_features {
        return Err(damaged(format!(
            "{} names for {n_features} inputs",
            names.len()
        )));
    }
    let name = |idx: usize| names.get(idx).cloned().unwrap_or_else(|| format!("f{idx}"));
    Ok(ModelInfo {
        format: FORMAT.to_owned(),
        features: (0..n_features)
            .map(|idx| FeatureInfo { name: name(idx) })
            .collect(),
        n_outputs,
        classes: Vec::new(),
        has_ensemble: true,
    })
}

fn objective(name: &str) -> Result<Objective, ModelError> {
    Ok(match name {
        "binary:logistic" | "binary:logitraw" | "reg:logistic" => Objective::Link(Link::Logistic),
        "multi:softprob" | "multi:softmax" => Objective::Link(Link::Softmax),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            Objective::Link(Link::Exponential)
        }
        "binary:hinge" => Objective::Hinge,
        _ if name.starts_with("reg:") || name.starts_with("rank:") => {
            Objective::Link(Link::Identity)
        }
        other => return Err(unsupported(&format!("the objective '{other}'"))),
    })
}

/// The margin every row starts from. The file holds it on the scale of predictions.
fn base(text: &str, objective: &str, n_outputs: usize) -> Result<Vec<f32>, ModelError> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let mut scores = Vec::new();
    for part in inner.split(',').filter(|part| !part.trim().is_empty()) {
        let score: f32 = part
            .trim()
            .parse()
            .map_err(|_no_number| damaged(format!("base_score '{text}' is no number")))?;
        scores.push(match objective {
            "binary:logistic" | "reg:logistic" | "binary:logitraw" => -(1.0 / score - 1.0).ln(),
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                score.ln()
            }
            _ => score,
        });
    }
    match scores.len() {
        0 => Ok(vec![0.5; n_outputs]),
        1 => Ok(vec![scores[0]; n_outputs]),
        n if n == n_outputs => Ok(scores),
        n => Err(damaged(format!("{n} base scores for {n_outputs} outputs"))),
    }
}

/// scikit-learn's wrapper predicts with the best iteration of early stopping.
fn n_trees_used(attributes: &file::Attributes, model: &file::Trees, n_outputs: usize) -> usize {
    let all = model.list.len();
    let Some(best) = attributes
        .best_iteration
        .as_ref()
        .and_then(|best| best.parse::<usize>().ok())
    else {
        return all;
    };
    if attributes.scikit_learn.is_none() {
        return all;
    }
    let per_round = parse_count(&model.gbtree_model_param.num_parallel_tree)
        .unwrap_or(1)
        .max(1)
        * n_outputs;
    best.saturating_add(1).saturating_mul(per_round).min(all)
}

impl XgBoost {
    fn add(
        &mut self,
        idx: usize,
        tree: &file::Tree,
        output: u32,
        factor: f32,
        n_features: usize,
    ) -> Result<(), ModelError> {
        let n_nodes = tree.left_children.len();
        let bad = |what: &str| damaged(format!("tree {idx}: {what}"));
        let lengths = [
            tree.right_children.len(),
            tree.split_indices.len(),
            tree.split_conditions.len(),
            tree.default_left.len(),
        ];
        if n_nodes == 0 || lengths.iter().any(|length| *length != n_nodes) {
            return Err(bad("its arrays differ in length"));
        }
        if tree.split_type.iter().any(|kind| *kind != 0) {
            return Err(unsupported("splits by category"));
        }
        let start = u32::try_from(self.nodes.len())
            .ok()
            .filter(|start| *start < MISSING_GOES_YES / 2);
        let start = start.ok_or_else(|| bad("too many nodes"))?;
        self.starts.push(start);
        self.outputs.push(output);
        let place = |child: i64| {
            let child = u32::try_from(child)
                .ok()
                .filter(|child| (*child as usize) < n_nodes)?;
            (child > 0).then_some(start + child)
        };
        for at in 0..n_nodes {
            let node = if tree.left_children[at] < 0 {
                Node {
                    feature: LEAF,
                    value: tree.split_conditions[at] * factor,
                    yes: 0,
                    no: 0,
                }
            } else {
                let feature = u32::try_from(tree.split_indices[at])
                    .ok()
                    .filter(|feature| (*feature as usize) < n_features);
                let feature =
                    feature.ok_or_else(|| bad("it splits by an input that is not there"))?;
                let children = (
                    place(tree.left_children[at]),
                    place(tree.right_children[at]),
                );
                let (Some(yes), Some(no)) = children else {
                    return Err(bad("a node points outside it"));
                };
                let missing = if tree.default_left[at].0 {
                    MISSING_GOES_YES
                } else {
                    0
                };
                Node {
                    feature,
                    value: tree.split_conditions[at],
                    yes,
                    no: no | missing,
                }
            };
            self.nodes.push(node);
        }
        check_shape(&self.nodes, start as usize).map_err(|what| bad(&what))?;
        let covers = tree
            .sum_hessian
            .iter()
            .copied()
            .map(f64::from)
            .chain(std::iter::repeat(0.0));
        self.cover.extend(covers.take(n_nodes));
        Ok(())
    }

    /// The batch's columns in the model's order.
    fn columns<'b>(&self, batch: &'b Batch<'_>) -> Result<Vec<Cow<'b, [f64]>>, ModelError> {
        let n_features = self.info.features.len();
        if !self.has_names && batch.columns.len() != n_features {
            return Err(ModelError::Batch(format!(
                "the model takes {n_features} inputs by position, {} are given: name them in model.features",
                batch.columns.len()
            )));
        }
        let mut columns = Vec::with_capacity(n_features);
        for (idx, feature) in self.info.features.iter().enumerate() {
            let column = if self.has_names {
                batch.column(&feature.name)
            } else {
                batch.columns.get(idx)
            };
            let column = column.ok_or_else(|| {
                ModelError::Batch(format!(
                    "the model needs the input '{}', which is not there",
                    feature.name
                ))
            })?;
            if column.values.len() != batch.n_rows {
                return Err(ModelError::Batch(format!(
                    "the input '{}' has another length than its table",
                    column.name
                )));
            }
            columns.push(column.numbers()?);
        }
        Ok(columns)
    }

    fn raw(&self, batch: &Batch<'_>) -> Result<Vec<f32>, ModelError> {
        let columns = self.columns(batch)?;
        let n_outputs = self.base.len();
        let n_features = columns.len();
        let mut margins: Vec<f32> = Vec::with_capacity(batch.n_rows * n_outputs);
        (0..batch.n_rows).for_each(|_| margins.extend(&self.base));
        let mut block = vec![0.0_f32; BLOCK * n_features];
        for first in (0..batch.n_rows).step_by(BLOCK) {
            let n_rows = BLOCK.min(batch.n_rows - first);
            for (idx, column) in columns.iter().enumerate() {
                for (row, value) in column[first..first + n_rows].iter().enumerate() {
                    block[row * n_features + idx] = single(*value);
                }
            }
            for (start, output) in self.starts.iter().zip(&self.outputs) {
                for row in 0..n_rows {
                    let values = &block[row * n_features..(row + 1) * n_features];
                    margins[(first + row) * n_outputs + *output as usize] +=
                        self.leaf(*start, values);
                }
            }
        }
        Ok(margins)
    }

    /// What the leaf adds that a row reaches. `check_shape` made sure that every walk ends.
    fn leaf(&self, start: u32, row: &[f32]) -> f32 {
        let mut node = self.nodes[start as usize];
        while node.feature != LEAF {
            let value = row[node.feature as usize];
            let goes_yes = if value.is_nan() {
                node.no & MISSING_GOES_YES != 0
            } else {
                value < node.value
            };
            let next = if goes_yes {
                node.yes
            } else {
                node.no & !MISSING_GOES_YES
            };
            node = self.nodes[next as usize];
        }
        node.value
    }
}

/// XGBoost compares in single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the point"
)]
fn single(value: f64) -> f32 {
    value as f32
}

/// Every node but the root is the child of exactly one, so that no walk runs in a circle.
fn check_shape(nodes: &[Node], start: usize) -> Result<(), String> {
    let mut is_child = vec![false; nodes.len() - start];
    let mut waiting = vec![start];
    while let Some(at) = waiting.pop() {
        let node = nodes[at];
        if node.feature == LEAF {
            continue;
        }
        for child in [node.yes as usize, (node.no & !MISSING_GOES_YES) as usize] {
            if std::mem::replace(&mut is_child[child - start], true) {
                return Err(format!("node {} has two parents", child - start));
            }
            waiting.push(child);
        }
    }
    Ok(())
}

impl Model for XgBoost {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let mut values = self.margins(batch)?;
        for row in values.chunks_exact_mut(self.base.len()) {
            match self.objective {
                Objective::Link(link) => link.apply(row),
                Objective::Hinge => row
                    .iter_mut()
                    .for_each(|margin| *margin = f64::from(u8::from(*margin > 0.0))),
            }
        }
        Ok(values)
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        Ok(self.raw(batch)?.into_iter().map(f64::from).collect())
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        let Objective::Link(link) = self.objective else {
            return None;
        };
        let inner = |node: &Node, child: u32| if node.feature == LEAF { 0 } else { child };
        Some(TreeEnsemble {
            features: self
                .info
                .features
                .iter()
                .map(|feature| feature.name.clone())
                .collect(),
            n_outputs: u32::try_from(self.base.len()).ok()?,
            base: self.base.iter().copied().map(f64::from).collect(),
            link,
            is_single_precision: true,
            tree_starts: self.starts.clone(),
            tree_outputs: self.outputs.clone(),
            feature: self.nodes.iter().map(|node| node.feature).collect(),
            comparison: vec![Comparison::Less; self.nodes.len()],
            value: self
                .nodes
                .iter()
                .map(|node| f64::from(node.value))
                .collect(),
            yes: self
                .nodes
                .iter()
                .map(|node| inner(node, node.yes))
                .collect(),
            no: self
                .nodes
                .iter()
                .map(|node| inner(node, node.no & !MISSING_GOES_YES))
                .collect(),
            missing_goes_yes: self
                .nodes
                .iter()
                .map(|node| node.no & MISSING_GOES_YES != 0)
                .collect(),
            cover: self.cover.clone(),
        })
    }
}
