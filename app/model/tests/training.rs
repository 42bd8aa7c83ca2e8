//! Models trained here: quality, repeatability, and what is written reads back.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;

use interlock_model::{
    Batch, BatchColumn, BatchValues, Limits, Model as _, Target, TrainSpec, open, train,
};

const ALGORITHMS: [&str; 4] = [
    "random-forest",
    "decision-tree",
    "gradient-boosting",
    "logistic-regression",
];

struct Rows {
    x: Vec<f64>,
    noise: Vec<f64>,
    codes: Vec<u32>,
    towns: Vec<String>,
    labels: Vec<u32>,
    values: Vec<f64>,
}

/// `y = 2x + 3 [town = b]`, with some values missing; the label says whether that is above 2.
fn rows(n_rows: usize) -> Rows {
    let mut random = 7_u64;
    let mut next = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut rows = Rows {
        x: Vec::new(),
        noise: Vec::new(),
        codes: Vec::new(),
        towns: ["a", "b", "c"].map(ToOwned::to_owned).to_vec(),
        labels: Vec::new(),
        values: Vec::new(),
    };
    for row in 0..n_rows {
        let (x, code) = (
            next() * 2.0,
            u32::from(next() > 0.33) + u32::from(next() > 0.66),
        );
        let value = 2.0 * x + if code == 1 { 3.0 } else { 0.0 };
        rows.x.push(if row % 50 == 0 { f64::NAN } else { x });
        rows.noise.push(next());
        rows.codes.push(if row % 70 == 0 { u32::MAX } else { code });
        rows.labels.push(u32::from(value > 2.0));
        rows.values.push(value);
    }
    rows
}

impl Rows {
    fn batch(&self) -> Batch<'_> {
        let town = BatchValues::Categorical {
            codes: &self.codes,
            categories: &self.towns,
        };
        Batch {
            n_rows: self.x.len(),
            columns: vec![
                BatchColumn {
                    name: "x",
                    values: BatchValues::Numeric(&self.x),
                },
                BatchColumn {
                    name: "noise",
                    values: BatchValues::Numeric(&self.noise),
                },
                BatchColumn {
                    name: "town",
                    values: town,
                },
            ],
        }
    }
}

fn spec(algorithm: &str) -> TrainSpec {
    let settings = if algorithm == "random-forest" {
        BTreeMap::from([("n_trees".to_owned(), 30.0)])
    } else {
        BTreeMap::new()
    };
    TrainSpec::new(algorithm, &settings).unwrap()
}

fn class_names() -> Vec<String> {
    ["low", "high"].map(ToOwned::to_owned).to_vec()
}

#[test]
fn classes_are_learned_and_read_back() {
    let (rows, classes) = (rows(600), class_names());
    let target = Target::Classes {
        codes: &rows.labels,
        classes: &classes,
        positive: Some("high"),
    };
    let folder = tempfile::tempdir().unwrap();
    for algorithm in ALGORITHMS {
        let model = train(&spec(algorithm), &rows.batch(), &target, 5).unwrap();
        assert_eq!(model.info().classes, ["low", "high"], "{algorithm}");
        let predicted = model.predict(&rows.batch()).unwrap();
        assert!(
            predicted.iter().all(|share| (0.0..=1.0).contains(share)),
            "{algorithm}"
        );
        let right = predicted
            .iter()
            .zip(&rows.labels)
            .filter(|(share, label)| (**share >= 0.5) == (**label == 1))
            .count();
        assert!(right as f64 / 600.0 > 0.93, "{algorithm}: {right} of 600");

        let again = train(&spec(algorithm), &rows.batch(), &target, 5).unwrap();
        assert_eq!(
            again, model,
            "{algorithm}: the same seed gives the same model"
        );

        let path = folder.path().join(algorithm);
        model.save(&path).unwrap();
        let opened = open(&path, &Limits::default()).unwrap();
        assert_eq!(
            opened.predict(&rows.batch()).unwrap(),
            predicted,
            "{algorithm}"
        );
        assert_eq!(opened.info(), model.info());
    }
}

#[test]
fn values_are_learned() {
    let rows = rows(600);
    let mean = rows.values.iter().sum::<f64>() / 600.0;
    let total: f64 = rows.values.iter().map(|value| (value - mean).powi(2)).sum();
    for algorithm in &ALGORITHMS[..3] {
        let model = train(
            &spec(algorithm),
            &rows.batch(),
            &Target::Values(&rows.values),
            5,
        )
        .unwrap();
        let predicted = model.predict(&rows.batch()).unwrap();
        let rest: f64 = predicted
            .iter()
            .zip(&rows.values)
            .map(|(predicted, value)| (predicted - value).powi(2))
            .sum();
        assert!(
            1.0 - rest / total > 0.9,
            "{algorithm}: R2 = {}",
            1.0 - rest / total
        );
    }
    let error = train(
        &spec("logistic-regression"),
        &rows.batch(),
        &Target::Values(&rows.values),
        5,
    )
    .unwrap_err();
    assert!(error.to_string().contains("predicts classes, not values"));
}

#[test]
fn three_classes_give_three_shares() {
    let rows = rows(600);
    let classes: Vec<String> = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
    let codes: Vec<u32> = rows
        .values
        .iter()
        .map(|value| u32::from(*value > 2.0) + u32::from(*value > 4.0))
        .collect();
    let target = Target::Classes {
        codes: &codes,
        classes: &classes,
        positive: None,
    };
    for algorithm in ALGORITHMS {
        let model = train(&spec(algorithm), &rows.batch(), &target, 5).unwrap();
        let predicted = model.predict(&rows.batch()).unwrap();
        let mut right = 0;
        for (shares, code) in predicted.chunks_exact(3).zip(&codes) {
            assert!(
                (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9,
                "{algorithm}"
            );
            let best = (0..3)
                .max_by(|a, b| shares[*a].total_cmp(&shares[*b]))
                .unwrap();
            right += usize::from(best == *code as usize);
        }
        assert!(right as f64 / 600.0 > 0.85, "{algorithm}: {right} of 600");
    }
}

/// `fixtures/make.py`: scikit-learn's LogisticRegression(C=1) on standardized inputs.
#[test]
fn logistic_regression_is_that_of_scikit_learn() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/expected.json"),
    )
    .unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = &all["logistic_regression"];
    let columns: Vec<Vec<f64>> = serde_json::from_value(expected["columns"].clone()).unwrap();
    let codes: Vec<u32> = serde_json::from_value(expected["labels"].clone()).unwrap();
    let names: Vec<String> = (0..columns.len()).map(|idx| format!("x{idx}")).collect();
    let batch = Batch {
        n_rows: codes.len(),
        columns: names
            .iter()
            .zip(&columns)
            .map(|(name, values)| BatchColumn {
                name,
                values: BatchValues::Numeric(values),
            })
            .collect(),
    };
    let classes = class_names();
    let target = Target::Classes {
        codes: &codes,
        classes: &classes,
        positive: Some("high"),
    };
    let predicted = train(&spec("logistic-regression"), &batch, &target, 0)
        .unwrap()
        .predict(&batch)
        .unwrap();
    let expected: Vec<f64> = serde_json::from_value(expected["predictions"].clone()).unwrap();
    for (actual, expected) in predicted.iter().zip(expected) {
        assert!((actual - expected).abs() < 2e-3, "{actual}, not {expected}");
    }
}

#[test]
fn what_cannot_be_learned_says_why() {
    let (rows, classes) = (rows(30), class_names());
    let message = |codes: &[u32], positive: Option<&str>| {
        let target = Target::Classes {
            codes,
            classes: &classes,
            positive,
        };
        train(&spec("decision-tree"), &rows.batch(), &target, 0)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(message(&[1; 30], None), "the target has only one class");
    assert!(
        message(&rows.labels, Some("hihg"))
            .contains("the target has no class 'hihg'; it has 'high' and 'low'")
    );
    let mut few = vec![u32::MAX; 30];
    few[0] = 0;
    few[1] = 1;
    assert!(message(&few, None).contains("2 rows have a target"));
}
