//! Gradient boosting over regression trees.
//!
//! In: a lesson. Out: a base and trees to add up. Each round fits a tree to the gradient of the loss
//! (squared error; log loss for classes, one tree per class beyond two) and sets each leaf to one
//! Newton step, as in Friedman, "Greedy function approximation", 2001.

use super::spec::BoostingSettings;
use super::trees::{regression_tree, row};
use super::{Goal, Lesson};
use crate::ensemble::Link;
use crate::error::ModelError;
use crate::learned::{Node, SavedLink, Scorer, Tree};

/// Least sum of second derivatives in a leaf, so that a pure leaf takes no endless step.
const MIN_CURVATURE: f64 = 1e-9;

pub(super) fn boost(
    lesson: &Lesson,
    settings: &BoostingSettings,
    seed: u64,
) -> Result<Scorer, ModelError> {
    let rows: Vec<Vec<f64>> = (0..lesson.n_rows)
        .map(|at| row(&lesson.matrix, at))
        .collect();
    let (link, truth) = match &lesson.goal {
        Goal::Values(values) => (SavedLink::Identity, vec![values.clone()]),
        Goal::Classes {
            codes,
            n_classes: 2,
        } => (SavedLink::Logistic, vec![indicator(codes, 1)]),
        Goal::Classes { codes, n_classes } => (
            SavedLink::Softmax,
            (0..*n_classes)
                .map(|class| indicator(codes, class))
                .collect(),
        ),
    };
    let base: Vec<f64> = truth.iter().map(|truth| start(truth, link)).collect();
    let n_outputs = base.len();
    let mut scores: Vec<Vec<f64>> = base.iter().map(|base| vec![*base; rows.len()]).collect();
    let mut trees = Vec::new();
    let mut outputs = Vec::new();
    for round in 0..u64::from(settings.n_trees) {
        let present = predictions(&scores, link);
        for output in 0..n_outputs {
            let residuals: Vec<f64> = truth[output]
                .iter()
                .zip(&present[output])
                .map(|(truth, present)| truth - present)
                .collect();
            let seed = seed.wrapping_add(round * n_outputs as u64 + output as u64);
            let mut tree = regression_tree(&lesson.matrix, &residuals, &settings.tree, seed)?;
            step(
                &mut tree,
                &rows,
                &residuals,
                &present[output],
                link,
                settings.learning_rate,
            );
            for (score, row) in scores[output].iter_mut().zip(&rows) {
                *score += tree.leaf(row).1[0];
            }
            trees.push(tree);
            outputs.push(output);
        }
    }
    Ok(Scorer::Sum {
        base,
        trees,
        outputs,
        link,
    })
}

fn indicator(codes: &[usize], class: usize) -> Vec<f64> {
    codes
        .iter()
        .map(|code| f64::from(u8::from(*code == class)))
        .collect()
}

/// The score that fits best with no tree.
fn start(truth: &[f64], link: SavedLink) -> f64 {
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    match link {
        SavedLink::Identity => mean,
        SavedLink::Logistic => (mean / (1.0 - mean)).ln(),
        SavedLink::Softmax => mean.ln(),
    }
}

/// Scores through the link, output by output.
fn predictions(scores: &[Vec<f64>], link: SavedLink) -> Vec<Vec<f64>> {
    let n_rows = scores.first().map_or(0, Vec::len);
    let mut present = vec![vec![0.0; n_rows]; scores.len()];
    let mut row = vec![0.0; scores.len()];
    for at in 0..n_rows {
        scores
            .iter()
            .zip(&mut row)
            .for_each(|(scores, cell)| *cell = scores[at]);
        Link::from(link).apply(&mut row);
        present
            .iter_mut()
            .zip(&row)
            .for_each(|(present, cell)| present[at] = *cell);
    }
    present
}

/// Sets each leaf to the Newton step of its rows.
fn step(
    tree: &mut Tree,
    rows: &[Vec<f64>],
    residuals: &[f64],
    present: &[f64],
    link: SavedLink,
    rate: f64,
) {
    let mut sums = vec![(0.0, 0.0); tree.nodes.len()];
    for ((row, residual), present) in rows.iter().zip(residuals).zip(present) {
        let (leaf, _) = tree.leaf(row);
        sums[leaf].0 += residual;
        sums[leaf].1 += match link {
            SavedLink::Identity => 1.0,
            SavedLink::Logistic | SavedLink::Softmax => present * (1.0 - present),
        };
    }
    for (node, (gradient, curvature)) in tree.nodes.iter_mut().zip(sums) {
        if let Node::Leaf(values) = node {
            let step = if curvature > MIN_CURVATURE {
                gradient / curvature
            } else {
                0.0
            };
            *values = vec![rate * step];
        }
    }
}
