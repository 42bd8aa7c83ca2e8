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

use crate::batch::Batch;
use crate::ensemble::{Comparison, Link, TreeEnsemble};
use crate::error::ModelError;
use crate::forest::{Forest, Sums};
use crate::inputs::{Inputs, Unseen};
use crate::limits::Limits;
use crate::{FeatureInfo, FeatureKind, Model, ModelInfo};

const FORMAT: &str = "xgboost-json";

#[derive(Debug)]
pub(crate) struct XgBoost {
    info: ModelInfo,
    inputs: Inputs,
    forest: Forest,
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
    let names = names(&learner.feature_names, n_features)?;
    let mut trees = TreeEnsemble {
        features: names.clone(),
        n_outputs: u32::try_from(n_outputs).unwrap_or(u32::MAX),
        base: base(
            &learner.param.base_score,
            &learner.objective.name,
            n_outputs,
        )?,
        link: objective(&learner.objective.name)?,
        is_single_precision: true,
        ..TreeEnsemble::default()
    };
    let n_trees = n_trees_used(&learner.attributes, &model, n_outputs);
    for (idx, tree) in model.list.iter().take(n_trees).enumerate() {
        let output = model.tree_info.get(idx).copied().unwrap_or(0);
        let output = u32::try_from(output)
            .map_err(|_negative| damaged(format!("tree {idx} adds to output {output}")))?;
        let factor = drops
            .as_ref()
            .map_or(1.0, |drops| drops.get(idx).copied().unwrap_or(1.0));
        add(&mut trees, tree, output, factor)
            .map_err(|what| damaged(format!("tree {idx}: {what}")))?;
    }
    let forest = Forest::new(trees, Sums::plain(true), FORMAT)?;
    let features = names.into_iter().map(|name| FeatureInfo {
        name,
        kind: FeatureKind::Numeric,
    });
    let inputs = Inputs {
        features: features.collect(),
        has_names: !learner.feature_names.is_empty(),
        unseen: Unseen::Refused,
    };
    Ok(XgBoost {
        info: ModelInfo {
            format: FORMAT.to_owned(),
            features: inputs.features.clone(),
            n_outputs,
            has_ensemble: true,
            ..ModelInfo::default()
        },
        inputs,
        forest,
    })
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

fn names(names: &[String], n_features: usize) -> Result<Vec<String>, ModelError> {
    if names.is_empty() {
        return Ok((0..n_features).map(|idx| format!("f{idx}")).collect());
    }
    if names.len() != n_features {
        return Err(damaged(format!(
            "{} names for {n_features} inputs",
            names.len()
        )));
    }
    Ok(names.to_vec())
}

fn objective(name: &str) -> Result<Link, ModelError> {
    Ok(match name {
        "binary:logistic" | "binary:logitraw" | "reg:logistic" => Link::Logistic,
        "multi:softprob" | "multi:softmax" => Link::Softmax,
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            Link::Exponential
        }
        "binary:hinge" => Link::Step,
        _ if name.starts_with("reg:") || name.starts_with("rank:") => Link::Identity,
        other => return Err(unsupported(&format!("the objective '{other}'"))),
    })
}

/// The margin every row starts from. The file holds it on the scale of predictions.
fn base(text: &str, objective: &str, n_outputs: usize) -> Result<Vec<f64>, ModelError> {
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
    let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
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

/// Appends one tree. Positions are checked when all are there.
fn add(
    trees: &mut TreeEnsemble,
    tree: &file::Tree,
    output: u32,
    factor: f32,
) -> Result<(), String> {
    let n_nodes = tree.left_children.len();
    let lengths = [
        tree.right_children.len(),
        tree.split_indices.len(),
        tree.split_conditions.len(),
        tree.default_left.len(),
    ];
    if n_nodes == 0 || lengths.iter().any(|length| *length != n_nodes) {
        return Err("its arrays differ in length".to_owned());
    }
    if tree.split_type.iter().any(|kind| *kind != 0) {
        return Err("it splits by category".to_owned());
    }
    let start = u32::try_from(trees.n_nodes()).map_err(|_more| "too many nodes")?;
    trees.tree_starts.push(start);
    trees.tree_outputs.push(output);
    let place = |child: i64| {
        let child = u32::try_from(child)
            .ok()
            .and_then(|child| start.checked_add(child));
        child.ok_or("a node points outside it")
    };
    for at in 0..n_nodes {
        let is_leaf = tree.left_children[at] < 0;
        let (feature, value, yes, no) = if is_leaf {
            let value = tree.split_conditions[at] * factor;
            (TreeEnsemble::LEAF, value, 0, 0)
        } else {
            let feature = u32::try_from(tree.split_indices[at])
                .map_err(|_negative| "it splits by an input that is not there")?;
            let (yes, no) = (
                place(tree.left_children[at])?,
                place(tree.right_children[at])?,
            );
            (feature, tree.split_conditions[at], yes, no)
        };
        trees.feature.push(feature);
        trees.comparison.push(Comparison::Less);
        trees.value.push(f64::from(value));
        trees.yes.push(yes);
        trees.no.push(no);
        trees.missing_goes_yes.push(tree.default_left[at].0);
    }
    let covers = tree.sum_hessian.iter().copied().map(f64::from);
    let covers = covers.chain(std::iter::repeat(0.0));
    trees.cover.extend(covers.take(n_nodes));
    Ok(())
}

impl Model for XgBoost {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let mut values = self.margins(batch)?;
        let link = self.forest.trees().link;
        for row in values.chunks_exact_mut(self.info.n_outputs) {
            link.apply(row);
        }
        Ok(values)
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let columns = self.inputs.numbers(batch)?;
        Ok(self.forest.margins(&columns, batch.n_rows))
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        Some(self.forest.trees().clone())
    }
}
