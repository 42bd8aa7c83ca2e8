//! Single trees and forests.
//!
//! In: a lesson. Out: trees taken out of smartcore's models, which keep them to themselves but can be
//! written down.

use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_classifier::{
    DecisionTreeClassifier, DecisionTreeClassifierParameters,
};
use smartcore::tree::decision_tree_regressor::{
    DecisionTreeRegressor, DecisionTreeRegressorParameters,
};

use super::spec::{ForestSettings, TreeSettings};
use super::{Goal, Lesson, failed};
use crate::error::ModelError;
use crate::learned::{Node, Scorer, Tree};

/// Trains a forest.
pub(super) fn forest(
    lesson: &Lesson,
    settings: &ForestSettings,
    seed: u64,
) -> Result<Scorer, ModelError> {
    match &lesson.goal {
        Goal::Classes { codes, n_classes } => {
            let parameters = RandomForestClassifierParameters {
                max_depth: settings.tree.max_depth,
                min_samples_leaf: settings.tree.min_samples_leaf,
                n_trees: settings.n_trees,
                seed,
                ..RandomForestClassifierParameters::default()
            };
            let fitted = RandomForestClassifier::fit(&lesson.matrix, &labels(codes), parameters)
                .map_err(|error| failed(&error))?;
            Ok(Scorer::Mean {
                n_outputs: *n_classes,
                trees: votes(&fitted, *n_classes)?,
            })
        }
        Goal::Values(values) => {
            let parameters = RandomForestRegressorParameters {
                max_depth: settings.tree.max_depth,
                min_samples_leaf: settings.tree.min_samples_leaf,
                n_trees: usize::from(settings.n_trees),
                seed,
                ..RandomForestRegressorParameters::default()
            };
            let fitted = RandomForestRegressor::fit(&lesson.matrix, values, parameters)
                .map_err(|error| failed(&error))?;
            Ok(Scorer::Mean {
                n_outputs: 1,
                trees: values_of(&fitted)?,
            })
        }
    }
}

/// Trains one tree.
pub(super) fn tree(
    lesson: &Lesson,
    settings: &TreeSettings,
    seed: u64,
) -> Result<Scorer, ModelError> {
    match &lesson.goal {
        Goal::Classes { codes, n_classes } => {
            let parameters = DecisionTreeClassifierParameters {
                max_depth: settings.max_depth,
                min_samples_leaf: settings.min_samples_leaf,
                seed: Some(seed),
                ..DecisionTreeClassifierParameters::default()
            };
            let fitted = DecisionTreeClassifier::fit(&lesson.matrix, &labels(codes), parameters)
                .map_err(|error| failed(&error))?;
            let mut trees = votes(&fitted, *n_classes)?;
            shares(&mut trees, lesson, codes, *n_classes);
            Ok(Scorer::Mean {
                n_outputs: *n_classes,
                trees,
            })
        }
        Goal::Values(values) => {
            let tree = regression_tree(&lesson.matrix, values, settings, seed)?;
            Ok(Scorer::Mean {
                n_outputs: 1,
                trees: vec![tree],
            })
        }
    }
}

/// Trains one tree on values.
pub(super) fn regression_tree(
    matrix: &DenseMatrix<f64>,
    values: &Vec<f64>,
    settings: &TreeSettings,
    seed: u64,
) -> Result<Tree, ModelError> {
    let parameters = DecisionTreeRegressorParameters {
        max_depth: settings.max_depth,
        min_samples_leaf: settings.min_samples_leaf,
        seed: Some(seed),
        ..DecisionTreeRegressorParameters::default()
    };
    let fitted =
        DecisionTreeRegressor::fit(matrix, values, parameters).map_err(|error| failed(&error))?;
    let tree = values_of(&fitted)?.pop();
    tree.ok_or_else(|| ModelError::Training("the algorithm gave no tree".to_owned()))
}

/// The encoded row of a lesson.
pub(super) fn row(matrix: &DenseMatrix<f64>, row: usize) -> Vec<f64> {
    use smartcore::linalg::basic::arrays::Array as _;
    let (_, width) = matrix.shape();
    (0..width)
        .map(|column| *matrix.get((row, column)))
        .collect()
}

fn labels(codes: &[usize]) -> Vec<i32> {
    codes
        .iter()
        .map(|code| i32::try_from(*code).unwrap_or(i32::MAX))
        .collect()
}

/// One tree alone knows shares: each leaf says how its training rows fall on the classes.
fn shares(trees: &mut [Tree], lesson: &Lesson, codes: &[usize], n_classes: usize) {
    for tree in trees {
        let mut counts = vec![vec![0.0; n_classes]; tree.nodes.len()];
        for (at, &code) in codes.iter().enumerate().take(lesson.n_rows) {
            let (leaf, _) = tree.leaf(&row(&lesson.matrix, at));
            counts[leaf][code] += 1.0;
        }
        for (node, counts) in tree.nodes.iter_mut().zip(counts) {
            let total: f64 = counts.iter().sum();
            if let Node::Leaf(values) = node
                && total > 0.0
            {
                *values = counts.iter().map(|count| count / total).collect();
            }
        }
    }
}

/// A node as smartcore writes it down.
#[derive(Deserialize)]
struct Written {
    output: serde_json::Value,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

fn votes(model: &impl Serialize, n_classes: usize) -> Result<Vec<Tree>, ModelError> {
    trees(model, |output| {
        let class = usize::try_from(output.as_u64()?)
            .ok()
            .filter(|class| *class < n_classes)?;
        Some(
            (0..n_classes)
                .map(|own| f64::from(u8::from(own == class)))
                .collect(),
        )
    })
}

fn values_of(model: &impl Serialize) -> Result<Vec<Tree>, ModelError> {
    trees(model, |output| Some(vec![output.as_f64()?]))
}

/// Every list of nodes in the model, in its order.
fn trees(
    model: &impl Serialize,
    leaf: impl Fn(&serde_json::Value) -> Option<Vec<f64>>,
) -> Result<Vec<Tree>, ModelError> {
    let unreadable = || ModelError::Training("the algorithm's trees cannot be read".to_owned());
    let written = serde_json::to_value(model).map_err(|error| failed(&error))?;
    let mut lists = Vec::new();
    collect(&written, &mut lists);
    lists
        .into_iter()
        .map(|nodes| {
            let nodes: Vec<Written> =
                serde_json::from_value(nodes.clone()).map_err(|error| failed(&error))?;
            let nodes = nodes
                .iter()
                .map(
                    |node| match (node.true_child, node.false_child, node.split_value) {
                        (Some(yes), Some(no), Some(threshold)) => Some(Node::Inner {
                            feature: node.split_feature,
                            threshold,
                            yes,
                            no,
                        }),
                        _ => leaf(&node.output).map(Node::Leaf),
                    },
                )
                .collect::<Option<_>>()
                .ok_or_else(unreadable)?;
            Ok(Tree { nodes })
        })
        .collect()
}

fn collect<'v>(value: &'v serde_json::Value, lists: &mut Vec<&'v serde_json::Value>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if name == "nodes" {
                    lists.push(value);
                } else {
                    collect(value, lists);
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, lists)),
        _ => {}
    }
}
