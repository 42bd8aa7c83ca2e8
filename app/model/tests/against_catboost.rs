//! Predictions against CatBoost's own: `fixtures/catboost/make.py` says which calls gave the expected
//! values.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, open};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    n_rows: usize,
    columns: Vec<Column>,
    models: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(default)]
    numbers: Vec<Option<f64>>,
    #[serde(default)]
    codes: Vec<Option<u32>>,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Deserialize)]
struct Figures {
    columns: Vec<String>,
    predictions: Vec<f64>,
    margins: Vec<f64>,
}

enum Values {
    Numbers(Vec<f64>),
    Codes(Vec<u32>, Vec<String>),
}

struct Rows {
    n_rows: usize,
    columns: BTreeMap<String, Values>,
}

impl Rows {
    /// The columns of these names, in this order.
    fn batch<'a>(&'a self, names: &'a [String]) -> Batch<'a> {
        let column = |name: &'a String| BatchColumn {
            name,
            values: match &self.columns[name] {
                Values::Numbers(numbers) => BatchValues::Numeric(numbers),
                Values::Codes(codes, categories) => BatchValues::Categorical { codes, categories },
            },
        };
        Batch {
            n_rows: self.n_rows,
            columns: names.iter().map(column).collect(),
        }
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/catboost")
        .join(name)
}

fn opened(name: &str) -> Box<dyn Model> {
    open(&fixture(name), &Limits::default()).unwrap()
}

fn expected() -> (Rows, BTreeMap<String, Figures>) {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let expected: Expected = serde_json::from_str(&text).unwrap();
    let values = |column: Column| {
        if column.codes.is_empty() {
            let number = |cell: &Option<f64>| cell.unwrap_or(f64::NAN);
            Values::Numbers(column.numbers.iter().map(number).collect())
        } else {
            let code = |cell: &Option<u32>| cell.unwrap_or(u32::MAX);
            Values::Codes(column.codes.iter().map(code).collect(), column.categories)
        }
    };
    let columns = expected
        .columns
        .into_iter()
        .map(|column| (column.name.clone(), values(column)))
        .collect();
    let rows = Rows {
        n_rows: expected.n_rows,
        columns,
    };
    (rows, expected.models)
}

fn assert_near(actual: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let allowed = tolerance * expected.abs().max(1.0);
        assert!(
            (actual - expected).abs() <= allowed,
            "{what}, figure {at}: {actual}, not {expected}"
        );
    }
}

#[test]
fn predictions_are_those_of_the_library() {
    let (rows, models) = expected();
    assert_eq!(models.len(), 24);
    for (name, figures) in models {
        for (form, tolerance) in [("cbm", 0.0), ("json", 0.0)] {
            let file = format!("{name}.{form}");
            let model = opened(&file);
            let mut names = figures.columns.clone();
            // Columns are found by name, or by position without names.
            if name != "unnamed" {
                names.reverse();
            }
            let batch = rows.batch(&names);
            let margins = model.margins(&batch).unwrap();
            assert_near(&margins, &figures.margins, tolerance, &file);
            let predictions = model.predict(&batch).unwrap();
            assert_near(&predictions, &figures.predictions, 1e-13, &file);
        }
    }
}
