//! Predictions against CatBoost's own: `fixtures/catboost/make.py` says which calls gave the expected
//! values.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::ensemble::Comparison;
use interlock_model::{
    Batch, BatchColumn, BatchValues, FeatureKind, Limits, Model, ModelTask, OutputSpace, open,
};
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "CatBoost compares in single precision; rows of leaves are positions"
)]
#[expect(clippy::float_cmp, reason = "positions of categories")]
/// Margins by the flat arrays, walked by hand: categories are positions among those the model knows.
fn walked(model: &dyn Model, rows: &Rows) -> Vec<f64> {
    let trees = model.ensemble().unwrap();
    let n_outputs = trees.n_outputs as usize;
    let cell = |feature: usize, row: usize| {
        let info = &model.info().features[feature];
        match (&rows.columns[&info.name], &info.kind) {
            (Values::Codes(codes, own), FeatureKind::Categorical { categories }) => {
                let text = own.get(codes[row] as usize).map_or("nan", String::as_str);
                let place = categories.iter().position(|known| known == text);
                place.map_or(-1.0, |place| place as f64)
            }
            (Values::Numbers(numbers), FeatureKind::Categorical { categories }) => {
                let text = numbers[row].to_string();
                let place = categories.iter().position(|known| *known == text);
                place.map_or(-1.0, |place| place as f64)
            }
            (Values::Numbers(numbers), _) => numbers[row],
            (Values::Codes(..), _) => f64::NAN,
        }
    };
    let mut margins = Vec::new();
    for row in 0..rows.n_rows {
        let mut sums = trees.base.clone();
        for start in &trees.tree_starts {
            let mut at = *start as usize;
            while !trees.is_leaf(at) {
                let value = cell(trees.feature[at] as usize, row);
                let is_met = match trees.comparison[at] {
                    _ if value.is_nan() => trees.missing_goes_yes[at],
                    Comparison::Equal => value == trees.value[at],
                    _ => f64::from(value as f32) <= trees.value[at],
                };
                at = (if is_met { trees.yes[at] } else { trees.no[at] }) as usize;
            }
            if trees.leaf_rows.is_empty() {
                sums[0] += trees.value[at];
            } else {
                let first = trees.value[at] as usize * n_outputs;
                for (sum, value) in sums.iter_mut().zip(&trees.leaf_rows[first..]) {
                    *sum += value;
                }
            }
        }
        margins.extend(sums);
    }
    margins
}

#[test]
fn ensembles_are_the_models() {
    let (rows, models) = expected();
    for (name, figures) in models {
        for form in ["cbm", "json"] {
            let file = format!("{name}.{form}");
            let model = opened(&file);
            // Statistics are not inputs; texts of categories are in JSON files only.
            let has_ensemble = !name.starts_with("ctr")
                && name != "ignored"
                && (form == "json" || !["one_hot", "depthwise"].contains(&name.as_str()));
            assert_eq!(model.info().has_ensemble, has_ensemble, "{file}");
            assert_eq!(model.ensemble().is_some(), model.info().has_ensemble);
            if has_ensemble && name != "unnamed" {
                assert_near(&walked(&*model, &rows), &figures.margins, 1e-13, &file);
                let trees = model.ensemble().unwrap();
                let roots = trees.tree_starts.iter();
                let is_whole = |at: &u32| (trees.cover[*at as usize] - 400.0).abs() < 1e-9;
                assert!(roots.clone().all(is_whole), "{file}: training rows");
            }
        }
    }
}

#[test]
fn cards_say_what_the_files_hold() {
    let card = |file: &str| opened(file).info().clone();
    let binary = card("binary.json");
    assert_eq!(binary.format, "catboost-json");
    assert_eq!(binary.producer, "catboost 1.2.10");
    assert_eq!(binary.classes, ["0", "1"]);
    assert_eq!(
        (binary.task, binary.space),
        (Some(ModelTask::Binary), OutputSpace::Probability)
    );
    let trees = binary.trees.unwrap();
    assert_eq!((trees.n_trees, trees.n_leaves, trees.depth), (8, 8 * 16, 4));
    let multiclass = card("depthwise.cbm");
    assert_eq!(multiclass.classes, ["high", "low", "mid"]);
    assert_eq!(multiclass.n_outputs, 3);
    assert_eq!(multiclass.format, "catboost-cbm");
    let ranking = card("ranking.cbm");
    assert_eq!(
        (ranking.task, ranking.space),
        (Some(ModelTask::Ranking), OutputSpace::Score)
    );
    assert_eq!(card("uncertainty.cbm").n_outputs, 1);
    assert_eq!(card("multi_target.cbm").n_outputs, 3);
    assert_eq!(card("unnamed.cbm").features[1].name, "f1");
    let kinds: Vec<FeatureKind> = card("one_hot.cbm")
        .features
        .into_iter()
        .map(|feature| feature.kind)
        .collect();
    let unknown = FeatureKind::Categorical {
        categories: Vec::new(),
    };
    assert_eq!(kinds[0], FeatureKind::Numeric);
    assert_eq!(kinds[5], unknown);
    let FeatureKind::Categorical { categories } = &card("one_hot.json").features[5].kind else {
        panic!("color is a category");
    };
    assert!(categories.contains(&"red".to_owned()), "{categories:?}");
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let (rows, _) = expected();
    let message = |file: &str, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let error = opened(file).predict(&rows.batch(&names)).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        message("binary.cbm", &["age", "income"]),
        "the model needs the input 'debt ratio', which is not there"
    );
    assert_eq!(
        message("unnamed.json", &["age", "income"]),
        "the model takes 4 inputs by position, 2 are given: name them in model.features"
    );
    let mut batch_rows = rows;
    let town = batch_rows.columns.insert(
        "age".to_owned(),
        Values::Codes(vec![0; 60], vec!["old".to_owned()]),
    );
    drop(town);
    batch_rows
        .columns
        .insert("color".to_owned(), Values::Numbers(vec![0.5; 60]));
    let names = [
        "age",
        "income",
        "debt ratio",
        "flat",
        "town",
        "color",
        "size",
        "job",
    ];
    let names: Vec<String> = names.map(ToOwned::to_owned).to_vec();
    let error = opened("one_hot.cbm")
        .predict(&batch_rows.batch(&names))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the input 'age' must be numbers and holds 'old'"
    );
    batch_rows
        .columns
        .insert("age".to_owned(), Values::Numbers(vec![0.5; 60]));
    let error = opened("one_hot.cbm")
        .predict(&batch_rows.batch(&names))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the input 'color' must be categories and holds 0.5: CatBoost takes texts or whole numbers"
    );
}
