//! Predictions against XGBoost's own: `fixtures/make.py` says which calls gave the expected values.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, open};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    columns: Vec<Vec<Option<f64>>>,
    predictions: Vec<f64>,
    #[serde(default)]
    margins: Vec<f64>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn expected(name: &str) -> Expected {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let mut all: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    serde_json::from_value(all.remove(name).unwrap()).unwrap()
}

fn numbers(expected: &Expected) -> Vec<Vec<f64>> {
    let number = |cell: &Option<f64>| cell.unwrap_or(f64::NAN);
    expected
        .columns
        .iter()
        .map(|column| column.iter().map(number).collect())
        .collect()
}

fn assert_near(actual: &[f64], expected: &[f64], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (row, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let allowed = 1e-6 * expected.abs().max(1.0);
        assert!(
            (actual - expected).abs() <= allowed,
            "{what}, figure {row}: {actual}, not {expected}"
        );
    }
}

#[test]
fn predictions_are_those_of_the_library() {
    for name in [
        "binary",
        "binary_base",
        "multiclass",
        "regression",
        "unnamed",
        "poisson",
        "gamma",
        "forest",
        "dart",
    ] {
        let expected = expected(name);
        let model = open(&fixture(&format!("{name}.json")), &Limits::default()).unwrap();
        let columns = numbers(&expected);
        let names: Vec<String> = model
            .info()
            .features
            .iter()
            .map(|feature| feature.name.clone())
            .collect();
        // In another order than the model's: columns are found by name, or by position without names.
        let mut order: Vec<usize> = (0..columns.len()).collect();
        if name != "unnamed" {
            order.reverse();
        }
        let batch = Batch {
            n_rows: columns[0].len(),
            columns: order
                .iter()
                .map(|&idx| BatchColumn {
                    name: &names[idx],
                    values: BatchValues::Numeric(&columns[idx]),
                })
                .collect(),
        };
        assert_near(&model.predict(&batch).unwrap(), &expected.predictions, name);
        assert_near(&model.margins(&batch).unwrap(), &expected.margins, name);
        assert_same_by_ensemble(&*model, &columns, &expected.margins, name);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "XGBoost compares in single precision"
)]
#[expect(clippy::needless_range_loop, reason = "rows of several columns")]
/// The flat arrays give the same margins, walked by hand.
fn assert_same_by_ensemble(model: &dyn Model, columns: &[Vec<f64>], margins: &[f64], name: &str) {
    let trees = model.ensemble().unwrap();
    let n_outputs = trees.n_outputs as usize;
    let mut actual = Vec::new();
    for row in 0..columns[0].len() {
        let mut sums = trees.base.clone();
        for (start, output) in trees.tree_starts.iter().zip(&trees.tree_outputs) {
            let mut at = *start as usize;
            while trees.feature[at] != u32::MAX {
                let value = columns[trees.feature[at] as usize][row] as f32;
                let goes_yes = if value.is_nan() {
                    trees.missing_goes_yes[at]
                } else {
                    f64::from(value) < trees.value[at]
                };
                at = if goes_yes {
                    trees.yes[at]
                } else {
                    trees.no[at]
                } as usize;
            }
            sums[*output as usize] += trees.value[at];
        }
        actual.extend(sums);
    }
    assert_eq!(actual.len() % n_outputs, 0);
    for (actual, expected) in actual.iter().zip(margins) {
        let allowed = 1e-5 * expected.abs().max(1.0);
        assert!(
            (actual - expected).abs() < allowed,
            "{name}: {actual}, not {expected}"
        );
    }
}

#[test]
fn an_input_that_is_not_there_is_named() {
    let model = open(&fixture("binary.json"), &Limits::default()).unwrap();
    let age = [1.0];
    let batch = Batch {
        n_rows: 1,
        columns: vec![BatchColumn {
            name: "age",
            values: BatchValues::Numeric(&age),
        }],
    };
    let error = model.predict(&batch).unwrap_err().to_string();
    assert!(error.contains("needs the input 'income'"), "{error}");
}

#[test]
fn limits_hold() {
    let limits = Limits {
        n_trees: 3,
        ..Limits::default()
    };
    let error = open(&fixture("binary.json"), &limits)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the model is too large: 12 trees, the limit is 3");
}

/// Whatever is wrong with a file, reading and predicting end with an answer or an error.
#[test]
fn damaged_files_are_errors() {
    let bytes = std::fs::read(fixture("multiclass.json")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let column = vec![0.5, f64::NAN, -3.0];
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let (mut n_opened, mut n_refused) = (0, 0);
    for round in 0..1500 {
        let mut damaged = bytes.clone();
        if round % 5 == 0 {
            damaged.truncate(next(bytes.len()));
        } else {
            for _ in 0..1 + next(3) {
                let at = next(damaged.len());
                damaged[at] = b"0123456789-[],\"{}e."[next(19)];
            }
        }
        std::fs::write(file.path(), &damaged).unwrap();
        match open(file.path(), &Limits::default()) {
            Ok(model) => {
                n_opened += 1;
                let info = model.info().clone();
                let columns = info.features.iter().map(|feature| BatchColumn {
                    name: &feature.name,
                    values: BatchValues::Numeric(&column),
                });
                let batch = Batch {
                    n_rows: 3,
                    columns: columns.collect(),
                };
                assert_eq!(model.predict(&batch).unwrap().len(), 3 * info.n_outputs);
            }
            Err(_) => n_refused += 1,
        }
    }
    assert!(
        n_opened > 100 && n_refused > 100,
        "{n_opened} opened, {n_refused} refused"
    );
}
