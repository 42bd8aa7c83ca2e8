//! Predictions against LightGBM's own: `fixtures/lightgbm/make.py` says which calls gave the expected
//! values. What is wrong with a file is in `lightgbm_bad_files.rs`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::{
    Batch, BatchColumn, BatchValues, FeatureKind, Limits, Model, ModelTask, OutputSpace,
    TreeEnsemble, open,
};
use serde::Deserialize;

const MISSING: u32 = u32::MAX;

#[derive(Deserialize)]
struct Expected {
    is_average: bool,
    columns: Vec<Column>,
    predictions: Vec<String>,
    margins: Vec<String>,
    leaves: serde_json::Value,
    #[serde(default)]
    mean: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(default)]
    numbers: Vec<String>,
    #[serde(default)]
    codes: Option<Vec<Option<u32>>>,
    #[serde(default)]
    categories: Vec<String>,
}

/// A column as a batch borrows it.
struct Owned {
    name: String,
    numbers: Vec<f64>,
    codes: Option<Vec<u32>>,
    categories: Vec<String>,
}

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lightgbm");
    folder.join(format!("{name}.txt"))
}

fn all_expected() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(fixture("x").with_file_name("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn from_bits(texts: &[String]) -> Vec<f64> {
    let number = |text: &String| f64::from_bits(u64::from_str_radix(text, 16).unwrap());
    texts.iter().map(number).collect()
}

fn owned(expected: &Expected) -> Vec<Owned> {
    let codes = |codes: &Vec<Option<u32>>| {
        codes
            .iter()
            .map(|code| code.unwrap_or(MISSING))
            .collect::<Vec<u32>>()
    };
    expected
        .columns
        .iter()
        .map(|column| Owned {
            name: column.name.clone(),
            numbers: from_bits(&column.numbers),
            codes: column.codes.as_ref().map(codes),
            categories: column.categories.clone(),
        })
        .collect()
}

fn batch(columns: &[Owned]) -> Batch<'_> {
    let first = &columns[0];
    Batch {
        n_rows: first.codes.as_ref().map_or(first.numbers.len(), Vec::len),
        columns: columns.iter().map(borrowed).collect(),
    }
}

fn borrowed(column: &Owned) -> BatchColumn<'_> {
    let values = match &column.codes {
        Some(codes) => BatchValues::Categorical {
            codes,
            categories: &column.categories,
        },
        None => BatchValues::Numeric(&column.numbers),
    };
    BatchColumn {
        name: &column.name,
        values,
    }
}

fn opened(name: &str) -> Box<dyn Model> {
    open(&fixture(name), &Limits::default()).unwrap()
}

fn is_same(actual: f64, expected: f64) -> bool {
    actual.to_bits() == expected.to_bits() || (actual.is_nan() && expected.is_nan())
}

#[track_caller]
fn assert_same(actual: &[f64], expected: &[f64], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert!(
            is_same(*actual, *expected),
            "{what}, figure {at}: {actual:?}, not {expected:?}"
        );
    }
}

#[track_caller]
fn assert_near(actual: &[f64], expected: &[f64], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert!(
            is_same(*actual, *expected) || (actual - expected).abs() <= 1e-12 * expected.abs(),
            "{what}, figure {at}: {actual:?}, not {expected:?}"
        );
    }
}

/// Margins are LightGBM's to the bit; predictions to 1e-12, as the exponential is another library's.
#[test]
fn predictions_are_those_of_the_library() {
    let all = all_expected();
    assert_eq!(all.len(), 43);
    for (name, expected) in all {
        let model = opened(&name);
        let columns = owned(&expected);
        let batch = batch(&columns);
        let mut margins = from_bits(&expected.margins);
        if expected.is_average {
            let n_rounds = model.info().trees.unwrap().n_trees / model.info().n_outputs;
            for margin in &mut margins {
                *margin /= n_rounds as f64;
            }
        }
        assert_same(&model.margins(&batch).unwrap(), &margins, &name);
        let predictions = from_bits(&expected.predictions);
        assert_near(&model.predict(&batch).unwrap(), &predictions, &name);
    }
}

/// Columns of a model with names are found by name, whatever their order and whatever else is there.
#[test]
fn columns_are_found_by_name() {
    let expected = all_expected().remove("pandas").unwrap();
    let columns = owned(&expected);
    let mut batch = batch(&columns);
    batch.columns.reverse();
    let other = vec![0.0; batch.n_rows];
    batch.columns.insert(
        0,
        BatchColumn {
            name: "other",
            values: BatchValues::Numeric(&other),
        },
    );
    let margins = opened("pandas").margins(&batch).unwrap();
    assert_same(&margins, &from_bits(&expected.margins), "reversed");
}

/// The ensemble, walked by hand as its documentation says, gives the margins and the leaves.
#[test]
fn ensembles_are_the_model() {
    let mut n_compared = 0;
    for (name, expected) in all_expected() {
        let model = opened(&name);
        let Some(trees) = model.ensemble() else {
            assert!(name.starts_with("linear") && !model.info().has_ensemble);
            continue;
        };
        assert!(model.info().has_ensemble);
        trees.check().unwrap();
        // Texts are the model's to encode; the others are numbers already.
        if name == "pandas" {
            continue;
        }
        n_compared += 1;
        let columns = owned(&expected);
        let margins = model.margins(&batch(&columns)).unwrap();
        let leaves = expected.leaves.as_array().unwrap();
        for row in 0..columns[0].numbers.len() {
            let mut sums = trees.base.clone();
            for tree in 0..trees.tree_starts.len() {
                let at = walked(&trees, tree, |input| columns[input].numbers[row]);
                sums[trees.tree_outputs[tree] as usize] += trees.value[at];
                let n_inner = (trees.tree_end(tree) - trees.tree_starts[tree] as usize) / 2;
                let leaf = at - trees.tree_starts[tree] as usize - n_inner;
                if let Some(expected) = leaves.get(row) {
                    let expected = expected.get(tree).unwrap_or(expected);
                    assert_eq!(expected.as_u64(), Some(leaf as u64), "{name}, row {row}");
                }
            }
            assert_near(
                &sums,
                &margins[row * sums.len()..][..sums.len()],
                &format!("{name}, row {row}"),
            );
        }
    }
    assert!(n_compared > 30, "{n_compared}");
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds of sets are checked before"
)]
fn walked(trees: &TreeEnsemble, tree: usize, value: impl Fn(usize) -> f64) -> usize {
    use interlock_model::ensemble::Comparison;

    let mut at = trees.tree_starts[tree] as usize;
    while !trees.is_leaf(at) {
        let mut value = value(trees.feature[at] as usize);
        // As LightGBM's Python package hands them on.
        if value.abs() <= 1.000_000_018_002_509_5e-35 {
            value = 0.0;
        }
        let is_missing =
            value.is_nan() || (value == 0.0 && trees.zero_is_missing.get(at) == Some(&true));
        let goes_yes = if is_missing {
            trees.missing_goes_yes[at]
        } else if trees.comparison[at] == Comparison::In {
            let (first, n_words) = trees.category_ranges[at];
            let words = &trees.category_words[first as usize..][..n_words as usize];
            value > -1.0
                && value < 64.0 * f64::from(n_words)
                && words[value as usize / 64] >> (value as usize % 64) & 1 == 1
        } else {
            value <= trees.value[at]
        };
        at = if goes_yes {
            trees.yes[at]
        } else {
            trees.no[at]
        } as usize;
    }
    at
}

/// Covers are counts of rows: the mean margin by them is LightGBM's expected value.
#[test]
fn covers_weigh_as_the_library_does() {
    let mut n_compared = 0;
    for (name, expected) in all_expected() {
        let (Some(mean), Some(trees)) = (expected.mean, opened(&name).ensemble()) else {
            continue;
        };
        n_compared += 1;
        assert_eq!(trees.cover.len(), trees.n_nodes(), "{name}");
        let of_tree = |tree: usize| {
            let (start, end) = (trees.tree_starts[tree] as usize, trees.tree_end(tree));
            let leaves = (start..end).filter(|at| trees.is_leaf(*at));
            leaves
                .map(|at| trees.value[at] * trees.cover[at] / trees.cover[start])
                .sum::<f64>()
        };
        let actual: f64 = (0..trees.tree_starts.len()).map(of_tree).sum();
        let mut expected = from_bits(&[mean])[0];
        if name.starts_with("rf") {
            expected /= trees.tree_starts.len() as f64;
        }
        // The sum runs in another order than the library's.
        assert!(
            (actual - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            "{name}: {actual}, not {expected}"
        );
    }
    assert!(n_compared > 25, "{n_compared}");
}

#[test]
fn cards_say_what_the_files_say() {
    let card = |name: &str| opened(name).info().clone();
    let binary = card("binary");
    assert_eq!(binary.format, "lightgbm-text");
    assert_eq!(binary.producer, "lightgbm, text format v4");
    assert_eq!(
        (binary.task, binary.space, binary.n_outputs),
        (Some(ModelTask::Binary), OutputSpace::Probability, 1)
    );
    let trees = binary.trees.unwrap();
    assert_eq!((trees.n_trees, trees.n_leaves), (6, 48));
    let names: Vec<String> = binary
        .features
        .iter()
        .map(|feature| feature.name.clone())
        .collect();
    assert_eq!(names, ["age", "income", "debt_ratio", "x4"]);
    assert_eq!(binary.features[0].kind, FeatureKind::Numeric);
    for (name, task, space, n_outputs) in [
        (
            "multiclass",
            Some(ModelTask::Multiclass),
            OutputSpace::Probability,
            3,
        ),
        (
            "poisson",
            Some(ModelTask::Regression),
            OutputSpace::Value,
            1,
        ),
        (
            "lambdarank",
            Some(ModelTask::Ranking),
            OutputSpace::Score,
            1,
        ),
        ("custom", None, OutputSpace::Score, 1),
    ] {
        let card = card(name);
        assert_eq!(
            (card.task, card.space, card.n_outputs),
            (task, space, n_outputs),
            "{name}"
        );
    }
}

/// Lists of categories stand with the columns they came from, also those of an ordered column, which
/// LightGBM trains as a number.
#[test]
fn categories_are_those_of_training() {
    let kinds: Vec<FeatureKind> = opened("pandas")
        .info()
        .features
        .iter()
        .map(|feature| feature.kind.clone())
        .collect();
    let list = |texts: &[&str]| FeatureKind::Categorical {
        categories: texts.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert_eq!(
        kinds[4..],
        [
            list(&["clerk", "nurse", "pilot", "smith", "äußerst odd"]),
            list(&["10", "20", "35", "80"]),
            list(&["small", "large"]),
            list(&["False", "True"]),
        ]
    );
    let bare = opened("codes").info().features[4].kind.clone();
    assert_eq!(bare, list(&[]));
}

/// Truth values predict alike as texts of either form and as numbers.
#[test]
fn truth_values_may_come_as_numbers() {
    let expected = all_expected().remove("pandas").unwrap();
    let margins = from_bits(&expected.margins);
    let mut columns = owned(&expected);
    let last = columns.len() - 1;
    columns[last].categories = vec!["false".to_owned(), "true".to_owned()];
    let model = opened("pandas");
    assert_same(&model.margins(&batch(&columns)).unwrap(), &margins, "texts");
    columns[last].categories.reverse();
    assert_ne!(model.margins(&batch(&columns)).unwrap(), margins);
    let codes = columns[last].codes.take().unwrap();
    columns[last].numbers = codes.into_iter().map(f64::from).collect();
    assert_same(
        &model.margins(&batch(&columns)).unwrap(),
        &margins,
        "numbers",
    );
}
