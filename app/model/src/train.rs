//! Trains a model on a table.
//!
//! In: a batch, a target, a [`TrainSpec`] and a seed. Out: a [`Learned`] model. The same rows, settings
//! and seed give the same model whatever the machine.
//!
//! The learning itself is smartcore's; what is done around it stands here: encoding, votes as
//! probabilities, and boosting over its regression trees.

mod spec;

mod trees;

mod boosting;

#[cfg(test)]
mod tests;

use smartcore::linalg::basic::arrays::Array as _;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

pub use spec::TrainSpec;

use crate::batch::{Batch, MISSING, Target};
use crate::encode::Encoder;
use crate::error::ModelError;
use crate::learned::{Content, Learned, SavedLink, Scorer};

/// Least rows to learn from.
const MIN_ROWS: usize = 10;

/// Rows to learn from, encoded.
struct Lesson {
    matrix: DenseMatrix<f64>,
    n_rows: usize,
    goal: Goal,
}

/// What each row should give.
enum Goal {
    Values(Vec<f64>),
    /// Positions in the model's classes.
    Classes {
        codes: Vec<usize>,
        n_classes: usize,
    },
}

/// Trains a model.
///
/// # Errors
/// If there are too few rows or classes, a column cannot be encoded, or the algorithm does not suit
/// the target.
pub fn train(
    spec: &TrainSpec,
    batch: &Batch<'_>,
    target: &Target<'_>,
    seed: u64,
) -> Result<Learned, ModelError> {
    let (rows, goal, classes) = goal(target)?;
    if rows.len() < MIN_ROWS {
        return Err(ModelError::Training(format!(
            "{} rows have a target; at least {MIN_ROWS} are needed to train",
            rows.len()
        )));
    }
    if batch.columns.is_empty() {
        return Err(ModelError::Training(
            "there is no column to learn from".to_owned(),
        ));
    }
    let encoder = Encoder::learn(batch, &rows)?;
    let width = encoder.width();
    let flat = encoder.encode(batch, Some(&rows))?;
    let matrix =
        DenseMatrix::new(rows.len(), width, flat, false).map_err(|error| failed(&error))?;
    let lesson = Lesson {
        matrix,
        n_rows: rows.len(),
        goal,
    };
    let scorer = match spec {
        TrainSpec::RandomForest(settings) => trees::forest(&lesson, settings, seed)?,
        TrainSpec::DecisionTree(settings) => trees::tree(&lesson, settings, seed)?,
        TrainSpec::GradientBoosting(settings) => boosting::boost(&lesson, settings, seed)?,
        TrainSpec::LogisticRegression(settings) => logistic(&lesson, settings.alpha)?,
    };
    Learned::new(Content {
        algorithm: spec.name().to_owned(),
        encoder,
        classes,
        scorer,
    })
}

fn failed(error: &impl std::fmt::Display) -> ModelError {
    ModelError::Training(format!("the algorithm gave up: {error}"))
}

/// Rows with a target, what each should give, and the names of the classes in the model's order.
fn goal(target: &Target<'_>) -> Result<(Vec<usize>, Goal, Vec<String>), ModelError> {
    match target {
        Target::Values(values) => {
            let rows: Vec<usize> = (0..values.len())
                .filter(|&row| values[row].is_finite())
                .collect();
            let goal = rows.iter().map(|&row| values[row]).collect();
            Ok((rows, Goal::Values(goal), Vec::new()))
        }
        Target::Classes {
            codes,
            classes,
            positive,
        } => {
            let rows: Vec<usize> = (0..codes.len())
                .filter(|&row| codes[row] != MISSING && (codes[row] as usize) < classes.len())
                .collect();
            let mut names: Vec<String> = rows
                .iter()
                .map(|&row| classes[codes[row] as usize].clone())
                .collect();
            names.sort();
            names.dedup();
            if names.len() < 2 {
                return Err(ModelError::Training(
                    "the target has only one class".to_owned(),
                ));
            }
            if names.len() == 2
                && let Some(positive) = positive
            {
                if !names.iter().any(|name| name == positive) {
                    return Err(ModelError::Training(format!(
                        "the target has no class '{positive}'; it has '{}' and '{}': set project.positive",
                        names[0], names[1]
                    )));
                }
                names.sort_by_key(|name| name == positive);
            }
            let position = |name: &String| names.iter().position(|own| own == name).unwrap_or(0);
            let codes = rows
                .iter()
                .map(|&row| position(&classes[codes[row] as usize]))
                .collect();
            Ok((
                rows,
                Goal::Classes {
                    codes,
                    n_classes: names.len(),
                },
                names,
            ))
        }
    }
}

/// Logistic regression on standardized inputs; the weights are turned back to the inputs' own scale.
fn logistic(lesson: &Lesson, alpha: f64) -> Result<Scorer, ModelError> {
    let Goal::Classes { codes, n_classes } = &lesson.goal else {
        return Err(ModelError::Training(
            "logistic regression predicts classes, not values".to_owned(),
        ));
    };
    let (n_rows, width) = lesson.matrix.shape();
    let cell = |row: usize, column: usize| *lesson.matrix.get((row, column));
    let mut scales = Vec::with_capacity(width);
    for column in 0..width {
        let mean = (0..n_rows).map(|row| cell(row, column)).sum::<f64>() / n_rows as f64;
        let variance = (0..n_rows)
            .map(|row| (cell(row, column) - mean).powi(2))
            .sum::<f64>()
            / n_rows as f64;
        let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        scales.push((mean, deviation));
    }
    let standardized: Vec<f64> = (0..n_rows)
        .flat_map(|row| {
            scales
                .iter()
                .enumerate()
                .map(move |(column, (mean, deviation))| (cell(row, column) - mean) / deviation)
        })
        .collect();
    let matrix =
        DenseMatrix::new(n_rows, width, standardized, false).map_err(|error| failed(&error))?;
    let labels: Vec<i32> = codes
        .iter()
        .map(|code| i32::try_from(*code).unwrap_or(i32::MAX))
        .collect();
    let settings = LogisticRegressionParameters::default().with_alpha(alpha);
    let fitted =
        LogisticRegression::fit(&matrix, &labels, settings).map_err(|error| failed(&error))?;
    let n_scores = if *n_classes > 2 { *n_classes } else { 1 };
    let mut weights = vec![vec![0.0; width]; n_scores];
    let mut base = vec![0.0; n_scores];
    for score in 0..n_scores {
        base[score] = *fitted.intercept().get((score, 0));
        for (column, (mean, deviation)) in scales.iter().enumerate() {
            let weight = *fitted.coefficients().get((score, column)) / deviation;
            weights[score][column] = weight;
            base[score] -= weight * mean;
        }
    }
    let link = if *n_classes > 2 {
        SavedLink::Softmax
    } else {
        SavedLink::Logistic
    };
    Ok(Scorer::Linear {
        weights,
        base,
        link,
    })
}
