//! Predictions against XGBoost's own: `fixtures/xgboost/make.py` says which calls gave the expected
//! values, of which versions.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::ensemble::{Comparison, Link};
use interlock_model::{
    Batch, BatchColumn, BatchValues, FeatureKind, Limits, Model, ModelTask, OutputSpace,
    TreeEnsemble, open,
};
use serde::Deserialize;

const MISSING: u32 = u32::MAX;

#[derive(Deserialize)]
struct Expected {
    columns: Vec<Vec<Option<f64>>>,
    codes: Vec<Vec<Option<f64>>>,
    odd_codes: Vec<f64>,
    names: Names,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Names {
    color: Vec<String>,
    umlauts: Vec<String>,
    town: Vec<String>,
    grade: Vec<u32>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    inputs: String,
    predictions: Vec<f64>,
    margins: Vec<f64>,
}

/// Columns as a reader of tables would give them.
enum Column {
    Numbers(Vec<f64>),
    Texts(Vec<u32>, Vec<String>),
}

impl Column {
    fn values(&self) -> BatchValues<'_> {
        match self {
            Self::Numbers(numbers) => BatchValues::Numeric(numbers),
            Self::Texts(codes, categories) => BatchValues::Categorical { codes, categories },
        }
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/xgboost")
        .join(name)
}

fn opened(name: &str) -> Box<dyn Model> {
    open(&fixture(name), &Limits::default()).unwrap()
}

fn expected(folder: &str) -> Expected {
    let path = fixture(folder).join("expected.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(columns: &[Vec<Option<f64>>]) -> Vec<Vec<f64>> {
    let number = |cell: &Option<f64>| cell.unwrap_or(f64::NAN);
    columns
        .iter()
        .map(|column| column.iter().map(number).collect())
        .collect()
}

/// The same categories in the opposite order, after one that no row has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes are small"
)]
fn texts(codes: &[f64], names: &[String]) -> Column {
    let mut categories = vec!["never seen".to_owned()];
    categories.extend(names.iter().rev().cloned());
    let code = |code: &f64| {
        if code.is_nan() {
            MISSING
        } else {
            names.len() as u32 - *code as u32
        }
    };
    Column::Texts(codes.iter().map(code).collect(), categories)
}

/// The columns of a case in the order of the model's inputs.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes are small"
)]
fn columns(expected: &Expected, inputs: &str) -> Vec<Column> {
    let mut columns: Vec<Column> = numbers(&expected.columns)
        .into_iter()
        .map(Column::Numbers)
        .collect();
    let mut codes = numbers(&expected.codes);
    match inputs {
        "numbers" => {}
        "codes" => {
            codes[1][..expected.odd_codes.len()].copy_from_slice(&expected.odd_codes);
            columns.extend(codes.into_iter().map(Column::Numbers));
        }
        "umlauts" => columns.push(texts(&codes[0], &expected.names.umlauts)),
        "table" => {
            columns.push(texts(&codes[0], &expected.names.color));
            columns.push(texts(&codes[1], &expected.names.town));
            // A column of whole numbers may be read as numbers.
            let grade = |code: &f64| f64::from(expected.names.grade[*code as usize]);
            columns.push(Column::Numbers(codes[2].iter().map(grade).collect()));
        }
        other => unreachable!("{other}"),
    }
    columns
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "XGBoost's margins are singles"
)]
#[expect(clippy::float_cmp, reason = "margins are the library's to the bit")]
fn check(model: &dyn Model, expected: &Expected, case: &Case, name: &str) {
    let columns = columns(expected, &case.inputs);
    let features = &model.info().features;
    assert_eq!(features.len(), columns.len(), "{name}");
    // In another order than the model's: columns are found by name, or by position without names.
    let mut order: Vec<usize> = (0..columns.len()).collect();
    if features[0].name != "f0" {
        order.reverse();
    }
    let batch = Batch {
        n_rows: expected.columns[0].len(),
        columns: order
            .iter()
            .map(|&idx| BatchColumn {
                name: &features[idx].name,
                values: columns[idx].values(),
            })
            .collect(),
    };
    let margins = model.margins(&batch).unwrap();
    assert_eq!(margins.len(), case.margins.len(), "{name}");
    for (figure, (actual, expected)) in margins.iter().zip(&case.margins).enumerate() {
        let expected = f64::from(*expected as f32);
        assert_eq!(*actual, expected, "{name}, margin {figure}");
    }
    let predictions = model.predict(&batch).unwrap();
    assert_eq!(predictions.len(), case.predictions.len(), "{name}");
    for (figure, (actual, expected)) in predictions.iter().zip(&case.predictions).enumerate() {
        // Singles have 24 bits, and the exponential of a single another error of that size.
        assert!(
            (actual - expected).abs() <= 1e-6 * expected.abs(),
            "{name}, prediction {figure}: {actual}, not {expected}"
        );
    }
}

#[test]
fn predictions_are_those_of_the_library_in_all_versions() {
    for (folder, n_cases) in [
        ("", 40),
        ("3.1.2", 11),
        ("3.0.5", 11),
        ("2.1.4", 11),
        ("1.7.6", 9),
    ] {
        let expected = expected(folder);
        assert_eq!(expected.cases.len(), n_cases);
        for (name, case) in &expected.cases {
            let model = open(&fixture(folder).join(&case.file), &Limits::default()).unwrap();
            check(&*model, &expected, case, &format!("{folder} {name}"));
            let producer = if folder.is_empty() { "3.2.0" } else { folder };
            assert_eq!(model.info().producer, format!("xgboost {producer}"));
        }
    }
}

/// The flat arrays give the same margins, walked by hand.
#[test]
fn the_ensemble_gives_the_margins() {
    let expected = expected("");
    for (name, case) in &expected.cases {
        let model = opened(&case.file);
        let Some(trees) = model.ensemble() else {
            assert!(name.starts_with("linear"), "{name}");
            assert!(!model.info().has_ensemble);
            continue;
        };
        trees.check().unwrap();
        let link = match name.as_str() {
            "binary" | "binary_base" | "logitraw" | "reg_logistic" | "forest" | "labels"
            | "table_json" | "table_ubj" | "early" => Link::Logistic,
            "hinge" => Link::Step,
            "multiclass" | "softmax" | "dart_multi" | "vectors_multi" | "early_multi" => {
                Link::Softmax
            }
            "gamma" | "tweedie" | "poisson" | "cox" | "aft" => Link::Exponential,
            _ => Link::Identity,
        };
        assert_eq!(trees.link, link, "{name}");
        if ["table", "umlauts"].contains(&case.inputs.as_str()) {
            continue;
        }
        let columns = columns(&expected, &case.inputs);
        let mut margins = Vec::new();
        for row in 0..expected.columns[0].len() {
            let value = |idx: usize| match &columns[idx] {
                Column::Numbers(numbers) => numbers[row],
                Column::Texts(..) => unreachable!(),
            };
            margins.extend(walked(&trees, value));
        }
        assert_eq!(margins.len(), case.margins.len(), "{name}");
        for (actual, expected) in margins.iter().zip(&case.margins) {
            // Added in double here.
            let allowed = 1e-5 * expected.abs().max(1.0);
            let difference = (actual - expected).abs();
            assert!(difference <= allowed, "{name}: {actual}, not {expected}");
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "XGBoost compares in single precision; categories are small"
)]
fn walked(trees: &TreeEnsemble, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = trees.base.clone();
    for (start, output) in trees.tree_starts.iter().zip(&trees.tree_outputs) {
        let mut at = *start as usize;
        while trees.feature[at] != TreeEnsemble::LEAF {
            let value = value(trees.feature[at] as usize) as f32;
            let goes_yes = match trees.comparison[at] {
                _ if value.is_nan() => trees.missing_goes_yes[at],
                Comparison::Less => f64::from(value) < trees.value[at],
                Comparison::In => {
                    let (first, n) = trees.category_ranges[at];
                    let words = &trees.category_words[first as usize..][..n as usize];
                    let word = words.get(value.max(0.0) as usize / 64);
                    value >= 0.0 && word.is_some_and(|word| word >> (value as u64 % 64) & 1 == 1)
                }
                other => unreachable!("{other:?}"),
            };
            at = if goes_yes {
                trees.yes[at]
            } else {
                trees.no[at]
            } as usize;
        }
        if *output == TreeEnsemble::ALL_OUTPUTS {
            let n_outputs = sums.len();
            for (idx, sum) in sums.iter_mut().enumerate() {
                *sum += trees.leaf_rows[trees.value[at] as usize * n_outputs + idx];
            }
        } else {
            sums[*output as usize] += trees.value[at];
        }
    }
    sums
}

#[test]
fn json_and_ubjson_give_one_model() {
    for name in ["table", "table_onehot"] {
        let [json, ubjson] = ["json", "ubj"].map(|end| opened(&format!("{name}.{end}")));
        assert_eq!(json.ensemble(), ubjson.ensemble());
        assert_eq!(json.info().format, "xgboost-json");
        assert_eq!(ubjson.info().format, "xgboost-ubjson");
        assert_eq!(json.info().features, ubjson.info().features);
        assert_eq!(json.info().trees, ubjson.info().trees);
    }
}

#[test]
fn the_card_says_what_the_file_says() {
    use ModelTask::{Binary, Multiclass, Ranking, Regression};
    use OutputSpace::{Probability, Score, Value};
    for (file, task, space, n_outputs) in [
        ("binary.json", Some(Binary), Probability, 1),
        ("logitraw.json", Some(Binary), Probability, 1),
        ("multiclass.json", Some(Multiclass), Probability, 3),
        ("softmax.ubj", Some(Multiclass), Probability, 3),
        ("reg_logistic.json", Some(Regression), Value, 1),
        ("quantiles.json", Some(Regression), Value, 3),
        ("cox.ubj", Some(Regression), Score, 1),
        ("rank_map.ubj", Some(Ranking), Score, 1),
        ("labels.ubj", None, Probability, 3),
        ("linear.json", Some(Binary), Probability, 1),
    ] {
        let model = opened(file);
        let info = model.info();
        let found = (info.task, info.space, info.n_outputs);
        assert_eq!(found, (task, space, n_outputs), "{file}");
        assert!(info.classes.is_empty(), "{file}");
    }
    assert_eq!(opened("linear.json").info().trees, None);
    // python 3: t = json.load(open("binary.json"))["learner"]["gradient_booster"]["model"]["trees"]
    // len(t), sum(t["left_children"].count(-1) for t in t); max_depth was 3.
    let trees = opened("binary.json").info().trees.unwrap();
    assert_eq!((trees.n_trees, trees.n_leaves, trees.depth), (5, 38, 3));
    // iteration_indptr[best_iteration + 1] of the file.
    assert_eq!(opened("early.json").info().trees.unwrap().n_trees, 70);
    assert_eq!(opened("early_multi.json").info().trees.unwrap().n_trees, 63);
}

#[test]
fn covers_are_sums_of_hessians_where_the_file_has_them() {
    // Every row counts 1 for squared error, and 300 rows were trained with.
    let trees = opened("regression.json").ensemble().unwrap();
    for start in &trees.tree_starts {
        let root = *start as usize;
        let children = [trees.yes[root], trees.no[root]].map(|child| trees.cover[child as usize]);
        assert!((trees.cover[root] - 300.0).abs() < 1e-9);
        assert!((children[0] + children[1] - 300.0).abs() < 1e-9);
    }
    // Vector leaves of version 2 have none.
    assert!(
        opened("2.1.4/vectors.json")
            .ensemble()
            .unwrap()
            .cover
            .is_empty()
    );
}

#[test]
fn classes_are_those_of_old_wrappers() {
    // The two forms of XGBClassifier.save_model in sklearn.py of xgboost 1.7.6.
    for (meta, expected) in [
        (
            r#"{"_le": {"classes_": ["bad", "good"]}, "classes_": [0, 1]}"#,
            ["bad", "good"],
        ),
        (r#"{"n_classes_": 2, "classes_": [0, 1]}"#, ["0", "1"]),
    ] {
        let text = std::fs::read_to_string(fixture("binary.json")).unwrap();
        let attributes = serde_json::json!({ "scikit_learn": meta });
        let changed = text.replace("\"attributes\":{}", &format!("\"attributes\":{attributes}"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), changed).unwrap();
        let model = open(file.path(), &Limits::default()).unwrap();
        assert_eq!(model.info().classes, expected);
    }
}

#[test]
fn categories_are_those_of_the_training_table() {
    let model = opened("table.json");
    let kinds: Vec<&FeatureKind> = model.info().features.iter().map(|f| &f.kind).collect();
    assert_eq!(kinds[0], &FeatureKind::Numeric);
    let categories = |names: &[&str]| FeatureKind::Categorical {
        categories: names.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(kinds[5], &categories(&["red", "green", "deep \"blue\""]));
    assert_eq!(kinds[7], &categories(&["1", "2", "3", "5", "8", "13"]));
    assert_eq!(model.info().features[3].name, "äußerst \"(odd)\\ name");
    let coded = opened("codes_onehot.json");
    assert_eq!(coded.info().features[6].kind, categories(&[]));
}

fn refusal(model: &dyn Model, text: &str) -> String {
    let (numbers, texts) = ([1.0], [text.to_owned()]);
    let columns = model.info().features.iter().map(|feature| BatchColumn {
        name: &feature.name,
        values: match feature.kind {
            FeatureKind::Categorical { .. } => BatchValues::Categorical {
                codes: &[0],
                categories: &texts,
            },
            _ => BatchValues::Numeric(&numbers),
        },
    });
    let batch = Batch {
        n_rows: 1,
        columns: columns.collect(),
    };
    model.predict(&batch).unwrap_err().to_string()
}

#[test]
fn unseen_categories_are_refused_as_in_xgboost() {
    // xgboost 3.2.0: "Found a category not in the training set for the 5th (0-based) column: `violet`"
    let error = refusal(&*opened("table.json"), "violet");
    assert!(
        error.contains("'color' holds 'violet', a category"),
        "{error}"
    );
    let error = refusal(&*opened("umlauts.ubj"), "rot");
    assert!(
        error.contains("'color' holds 'rot', and which of the model's categories these are"),
        "{error}"
    );
    let error = refusal(&*opened("codes_onehot.json"), "red");
    assert!(
        error.contains("'f5' holds text, and the model knows its categories by number only"),
        "{error}"
    );
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let one = [1.0];
    let batch = |name| Batch {
        n_rows: 1,
        columns: vec![BatchColumn {
            name,
            values: BatchValues::Numeric(&one),
        }],
    };
    let error = opened("binary.json").predict(&batch("age")).unwrap_err();
    assert!(
        error.to_string().contains("needs the input 'income'"),
        "{error}"
    );
    let error = opened("unnamed.json").predict(&batch("age")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("takes 5 inputs by position, 1 are given"),
        "{error}"
    );
}
