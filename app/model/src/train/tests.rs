//! Models trained here as trees over their inputs, against the encoded rows they were learned from.
//!
//! Expected values come from `Learned::by_encoded_rows`, which walks each tree over one encoded row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{TrainSpec, train};
use crate::batch::{Batch, BatchColumn, BatchValues, MISSING, Target};
use crate::forest::{Forest, Sums};
use crate::learned::Learned;
use crate::{Model as _, ModelTask, OutputSpace};

const N_ROWS: usize = 600;

/// Numbers with missing and infinite values, categories with missing ones and one that is learned
/// from no row.
struct Table {
    x: Vec<f64>,
    y: Vec<f64>,
    codes: Vec<u32>,
    categories: Vec<String>,
}

fn table(categories: &[&str]) -> Table {
    let hashed = |row: usize, salt: usize| (row * 7919 + salt * 104_729) % 1009;
    let number = |row: usize, salt: usize| match hashed(row, salt) {
        at if at % 11 == 0 => f64::NAN,
        500 => f64::INFINITY,
        at => at as f64 / 100.0,
    };
    Table {
        x: (0..N_ROWS).map(|row| number(row, 1)).collect(),
        y: (0..N_ROWS).map(|row| number(row, 2)).collect(),
        codes: (0..N_ROWS)
            .map(|row| match hashed(row, 3) % (categories.len() + 1) {
                0 => MISSING,
                code => u32::try_from(code - 1).unwrap(),
            })
            .collect(),
        categories: categories.iter().map(|name| (*name).to_owned()).collect(),
    }
}

impl Table {
    fn batch(&self) -> Batch<'_> {
        let numbers = |name, values| BatchColumn {
            name,
            values: BatchValues::Numeric(values),
        };
        Batch {
            n_rows: N_ROWS,
            columns: vec![
                numbers("x", &self.x),
                BatchColumn {
                    name: "kind",
                    values: BatchValues::Categorical {
                        codes: &self.codes,
                        categories: &self.categories,
                    },
                },
                numbers("y", &self.y),
            ],
        }
    }
}

fn models() -> Vec<(&'static str, usize, Learned)> {
    let learned_from = table(&["b", "a", "c", "d"]);
    let number = |row: usize| {
        let x = if learned_from.x[row] < 5.0 { 1.0 } else { 4.0 };
        x + f64::from(learned_from.codes[row] % 3) * 2.0
    };
    let values: Vec<f64> = (0..N_ROWS).map(number).collect();
    let mut models = Vec::new();
    for algorithm in ["random-forest", "decision-tree", "gradient-boosting"] {
        let settings = match algorithm {
            "decision-tree" => BTreeMap::new(),
            _ => BTreeMap::from([("n_trees".to_owned(), 20.0)]),
        };
        let spec = TrainSpec::new(algorithm, &settings).unwrap();
        for n_classes in [0, 2, 3] {
            let names: Vec<String> = (0..n_classes)
                .map(|class| format!("class {class}"))
                .collect();
            let codes: Vec<u32> = values
                .iter()
                .map(|value| {
                    if *value > 6.0 {
                        2
                    } else {
                        u32::from(*value > 3.0)
                    }
                })
                .map(|class| class.min(u32::try_from(n_classes).unwrap().max(1) - 1))
                .collect();
            let target = if n_classes == 0 {
                Target::Values(&values)
            } else {
                Target::Classes {
                    codes: &codes,
                    classes: &names,
                    positive: None,
                }
            };
            let model = train(&spec, &learned_from.batch(), &target, 7).unwrap();
            models.push((algorithm, n_classes, model));
        }
    }
    models
}

fn bits(figures: &[f64]) -> Vec<u64> {
    figures.iter().map(|figure| figure.to_bits()).collect()
}

#[test]
fn trees_over_inputs_predict_what_trees_over_encoded_rows_do() {
    // Other rows, other categories in another order, and one that was never seen.
    for categories in [&["b", "a", "c", "d"][..], &["d", "new", "a", "b", "c"]] {
        let asked = table(categories);
        for (algorithm, n_classes, model) in models() {
            let expected = model.by_encoded_rows(&asked.batch()).unwrap();
            let actual = model.predict(&asked.batch()).unwrap();
            assert!(
                bits(&expected)
                    .iter()
                    .any(|figure| *figure != expected[0].to_bits()),
                "{algorithm} of {n_classes} classes has learned something"
            );
            assert_eq!(bits(&actual), bits(&expected), "{algorithm}, {n_classes}");
        }
    }
}

#[test]
fn the_ensemble_gives_the_predictions() {
    let asked = table(&["a", "b", "c", "d"]);
    // Positions among the learned categories, which are sorted.
    let codes = asked.codes.iter().map(|code| match *code {
        MISSING => f64::NAN,
        code => f64::from(code),
    });
    let columns = [
        Cow::Borrowed(&asked.x[..]),
        codes.collect(),
        Cow::Borrowed(&asked.y[..]),
    ];
    for (algorithm, n_classes, model) in models() {
        let info = model.info();
        assert!(info.has_ensemble && info.trees.is_some_and(|trees| trees.n_leaves > 1));
        let (task, space) = match n_classes {
            0 => (ModelTask::Regression, OutputSpace::Value),
            2 => (ModelTask::Binary, OutputSpace::Probability),
            _ => (ModelTask::Multiclass, OutputSpace::Probability),
        };
        assert_eq!((info.task, info.space), (Some(task), space));
        let ensemble = model.ensemble().unwrap();
        let (link, n_outputs) = (ensemble.link, ensemble.n_outputs as usize);
        assert_eq!(n_outputs, info.n_outputs);
        let forest = Forest::new(ensemble, Sums::plain(false), "test").unwrap();
        let mut actual = forest.margins(&columns, N_ROWS);
        let margins = model.margins(&asked.batch()).unwrap();
        assert_near(&actual, &margins, algorithm);
        actual
            .chunks_exact_mut(n_outputs)
            .for_each(|row| link.apply(row));
        assert_near(&actual, &model.predict(&asked.batch()).unwrap(), algorithm);
    }
}

/// A mean over trees divides once or in each leaf: sums of up to 20 figures below 10.
#[track_caller]
fn assert_near(actual: &[f64], expected: &[f64], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (actual, expected) in actual.iter().zip(expected) {
        assert!(
            (actual - expected).abs() <= 1e-13,
            "{what}: {actual}, not {expected}"
        );
    }
}

#[test]
fn damaged_files_neither_panic_nor_hang() {
    let asked = table(&["a", "b", "c", "d"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    for (_, _, model) in models().into_iter().step_by(4) {
        model.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut state = 1_u64;
        for round in 0..800 {
            let mut damaged = bytes.clone();
            // Most of a file is trees: every other change hits what stands before them.
            let reach = if round % 2 == 0 { 300 } else { bytes.len() };
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % reach;
            damaged[at] ^= u8::try_from(state >> 25 & 0xff).unwrap();
            if round % 10 == 0 {
                damaged.truncate(at);
            }
            if let Ok(model) = Learned::read(&damaged, &crate::Limits::default()) {
                // Whatever it says, it says it.
                drop(model.predict(&asked.batch()));
            }
        }
    }
}
