//! Simple models, learned here from the training rows and asked on the test rows.
//!
//! In: the inputs of both tables, the training target. Out: for each rival its name and what it
//! predicts for every test row, in the model's own form.

use interlock_plugin_api::Features;
use interlock_stats::rng::Rng;

use crate::bins::Bins;
use crate::design::{Coder, Design};
use crate::linear::{least_squares, logistic, probability};
use crate::one_rule::one_rule;

/// Training rows a rival learns from at most.
pub const MAX_ROWS: usize = 20_000;

/// Bins of the one-rule rival.
const MAX_BINS: usize = 10;

/// Strength of the ridge penalty on standardized inputs, scikit-learn's default.
const RIDGE: f64 = 1.0;

/// What is to be predicted.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Class positions, and how many outputs a prediction has: 1 if binary.
    Classes {
        /// One per row.
        truth: &'a [usize],
        /// 1, or the number of classes.
        n_outputs: usize,
    },
    /// Numbers.
    Numbers(&'a [f64]),
}

/// One simple model.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// Stable name.
    pub id: &'static str,
    /// Name for people.
    pub title: String,
    /// `predictions[row * n_outputs + output]` of the test rows.
    pub predictions: Vec<f64>,
}

/// The rivals, and what the reader must know of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rivals {
    /// From the simplest up.
    pub models: Vec<Rival>,
    /// Samples and cuts.
    pub notes: Vec<String>,
}

impl Target<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Classes { truth, .. } => truth.len(),
            Self::Numbers(values) => values.len(),
        }
    }

    fn n_outputs(&self) -> usize {
        match self {
            Self::Classes { n_outputs, .. } => *n_outputs,
            Self::Numbers(_) => 1,
        }
    }

    /// The target of a row as numbers: 1 for its class.
    fn as_numbers(&self, rows: &[usize]) -> Vec<f64> {
        match *self {
            Self::Numbers(values) => rows.iter().map(|&row| values[row]).collect(),
            Self::Classes {
                truth,
                n_outputs: 1,
            } => rows
                .iter()
                .map(|&row| f64::from(u8::from(truth[row] == 1)))
                .collect(),
            Self::Classes { truth, n_outputs } => rows
                .iter()
                .flat_map(|&row| {
                    (0..n_outputs).map(move |class| f64::from(u8::from(truth[row] == class)))
                })
                .collect(),
        }
    }
}

/// Learns the rivals. `train` and `test` hold the model's inputs of the rows looked at.
pub fn rivals(train: &Features, target: Target<'_>, test: &Features, seed: u64) -> Rivals {
    let mut found = Rivals::default();
    let rows = Rng::for_stream(seed, 1).sample_sorted(target.len(), MAX_ROWS);
    let sampled;
    let train = if rows.len() < target.len() {
        found.notes.push(format!(
            "The simple models learned from a random sample of {} of {} training rows.",
            rows.len(),
            target.len()
        ));
        sampled = train.select(&rows);
        &sampled
    } else {
        train
    };
    let n_outputs = target.n_outputs();
    let numbers = target.as_numbers(&rows);
    let mean: Vec<f64> = (0..n_outputs)
        .map(|output| {
            let own = numbers.iter().skip(output).step_by(n_outputs);
            own.sum::<f64>() / rows.len().max(1) as f64
        })
        .collect();
    found.models.push(Rival {
        id: "constant",
        title: "the training mean".to_owned(),
        predictions: repeated(&mean, test.n_rows),
    });
    found.models.extend(rule(train, &numbers, n_outputs, test));
    let coder = Coder::learn(train);
    if coder.is_cut {
        found.notes.push(format!(
            "The linear model takes the {} first numbers and most frequent categories only.",
            crate::design::MAX_COLUMNS
        ));
    }
    let designs = (coder.encode(train), coder.encode(test));
    found.models.extend(line(&designs, target, &rows, &numbers));
    found
}

fn repeated(mean: &[f64], n_rows: usize) -> Vec<f64> {
    (0..n_rows).flat_map(|_| mean.iter().copied()).collect()
}

fn rule(train: &Features, numbers: &[f64], n_outputs: usize, test: &Features) -> Option<Rival> {
    let bins: Vec<Bins> = train
        .columns
        .iter()
        .map(|input| Bins::of(&input.values, MAX_BINS))
        .collect();
    let placed: Vec<(Vec<usize>, usize)> = bins
        .iter()
        .zip(&train.columns)
        .map(|(bins, input)| (bins.place(&input.values), bins.missing() + 1))
        .collect();
    let rule = one_rule(&placed, numbers, n_outputs)?;
    let input = &test.columns[rule.input];
    let predictions = bins[rule.input]
        .place(&input.values)
        .iter()
        .flat_map(|bin| {
            rule.means[bin * n_outputs..(bin + 1) * n_outputs]
                .iter()
                .copied()
        })
        .collect();
    Some(Rival {
        id: "one_rule",
        title: format!("'{}' alone", input.name),
        predictions,
    })
}

fn line(
    (train, test): &(Design, Design),
    target: Target<'_>,
    rows: &[usize],
    numbers: &[f64],
) -> Option<Rival> {
    let margins = |coefficients: &[f64]| -> Vec<f64> {
        (0..test.n_rows())
            .map(|row| test.times(row, coefficients))
            .collect()
    };
    match target {
        Target::Numbers(_) => Some(Rival {
            id: "linear",
            title: "linear regression".to_owned(),
            predictions: margins(&least_squares(train, numbers, RIDGE)?),
        }),
        Target::Classes { truth, n_outputs } => {
            let classes = if n_outputs == 1 { 1..2 } else { 0..n_outputs };
            let by_class: Vec<Vec<f64>> = classes
                .map(|class| {
                    let own: Vec<bool> = rows.iter().map(|&row| truth[row] == class).collect();
                    let coefficients = logistic(train, &own, RIDGE)?;
                    let found = margins(&coefficients);
                    Some(found.into_iter().map(probability).collect())
                })
                .collect::<Option<_>>()?;
            let predictions = (0..test.n_rows())
                .flat_map(|row| {
                    let all: Vec<f64> = by_class.iter().map(|own| own[row]).collect();
                    let sum = if n_outputs == 1 {
                        1.0
                    } else {
                        all.iter().sum()
                    };
                    all.into_iter().map(move |p| p / sum)
                })
                .collect();
            Some(Rival {
                id: "linear",
                title: "logistic regression".to_owned(),
                predictions,
            })
        }
    }
}
