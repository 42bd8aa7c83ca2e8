//! ONNX models: predictions compared with those of onnxruntime, and what damaged files say.
//!
//! In: the files that `fixtures/onnx/make.py` wrote. Out: figures within 1e-6 (networks, distances and
//! support vectors 1e-5) of the greater of 1 and the expected figure.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, OutputSpace, open};
use serde::Deserialize;

/// Code of a missing category.
const MISSING: u32 = u32::MAX;

#[derive(Deserialize)]
struct Case {
    model: String,
    n_rows: usize,
    columns: Vec<Column>,
    predictions: Vec<f64>,
    tolerance: f64,
    /// `logistic`, `softmax` or `identity` of the margins are the predictions.
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    ensemble: Option<bool>,
    #[serde(default)]
    classes: Option<Vec<String>>,
    #[serde(default)]
    space: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(default)]
    numbers: Option<Vec<Option<f64>>>,
    #[serde(default)]
    codes: Option<Vec<Option<u32>>>,
    #[serde(default)]
    categories: Vec<String>,
}

enum Values {
    Numbers(Vec<f64>),
    Codes(Vec<u32>),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/onnx")
}

fn cases() -> BTreeMap<String, Case> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn values(case: &Case) -> Vec<Values> {
    let column = |column: &Column| match (&column.numbers, &column.codes) {
        (_, Some(codes)) => {
            Values::Codes(codes.iter().map(|code| code.unwrap_or(MISSING)).collect())
        }
        (numbers, None) => {
            let numbers = numbers.iter().flatten();
            Values::Numbers(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())
        }
    };
    case.columns.iter().map(column).collect()
}

fn batch<'a>(case: &'a Case, values: &'a [Values]) -> Batch<'a> {
    let columns = case.columns.iter().zip(values);
    let columns = columns.map(|(column, values)| BatchColumn {
        name: &column.name,
        values: match values {
            Values::Numbers(numbers) => BatchValues::Numeric(numbers),
            Values::Codes(codes) => BatchValues::Categorical {
                codes,
                categories: &column.categories,
            },
        },
    });
    Batch {
        n_rows: case.n_rows,
        columns: columns.collect(),
    }
}

/// Figures beyond the tolerance; both infinite or both no number are equal.
fn differences(actual: &[f64], expected: &[f64], tolerance: f64, what: &str) -> Vec<String> {
    if actual.len() != expected.len() {
        return vec![format!(
            "{what}: {} figures, not {}",
            actual.len(),
            expected.len()
        )];
    }
    let is_off = |(actual, expected): (&f64, &f64)| {
        let allowed = tolerance * expected.abs().max(1.0);
        let is_same = actual.total_cmp(expected).is_eq() || (actual.is_nan() && expected.is_nan());
        let difference = (actual - expected).abs();
        !is_same && (difference.is_nan() || difference > allowed)
    };
    let pairs = actual.iter().zip(expected).enumerate();
    let off: Vec<String> = pairs
        .filter(|(_, (actual, expected))| is_off((actual, expected)))
        .map(|(idx, (actual, expected))| format!("figure {idx}: {actual}, not {expected}"))
        .collect();
    match off.first() {
        None => Vec::new(),
        Some(first) => vec![format!("{what}: {} beyond, {first}", off.len())],
    }
}

fn linked(margins: &[f64], n_outputs: usize, link: &str) -> Vec<f64> {
    match link {
        "logistic" => margins
            .iter()
            .map(|margin| 1.0 / (1.0 + (-margin).exp()))
            .collect(),
        "softmax" => margins
            .chunks(n_outputs)
            .flat_map(|row| {
                let greatest = row.iter().copied().fold(f64::MIN, f64::max);
                let total: f64 = row.iter().map(|margin| (margin - greatest).exp()).sum();
                row.iter()
                    .map(move |margin| (margin - greatest).exp() / total)
                    .collect::<Vec<_>>()
            })
            .collect(),
        _ => margins.to_vec(),
    }
}

#[test]
fn predictions_are_those_of_onnxruntime() {
    let mut off = Vec::new();
    let cases = cases();
    assert!(cases.len() > 60, "{} cases", cases.len());
    for (name, case) in &cases {
        let model = match open(&folder().join(&case.model), &Limits::default()) {
            Ok(model) => model,
            Err(error) => {
                off.push(format!("{name}: {error}"));
                continue;
            }
        };
        let values = values(case);
        let batch = batch(case, &values);
        match model.predict(&batch) {
            Ok(actual) => off.extend(differences(
                &actual,
                &case.predictions,
                case.tolerance,
                name,
            )),
            Err(error) => off.push(format!("{name}: {error}")),
        }
        off.extend(promises(name, case, &*model, &batch));
    }
    assert!(off.is_empty(), "\n{}\n", off.join("\n"));
}

/// Margins, classes, space and trees, as far as the case says what they are.
fn promises(name: &str, case: &Case, model: &dyn Model, batch: &Batch<'_>) -> Vec<String> {
    let mut off = Vec::new();
    let info = model.info();
    if let Some(link) = &case.link {
        match model.margins(batch) {
            Ok(margins) => off.extend(differences(
                &linked(&margins, info.n_outputs, link),
                &case.predictions,
                case.tolerance.max(1e-6),
                &format!("{name}, margins"),
            )),
            Err(error) => off.push(format!("{name}, margins: {error}")),
        }
    }
    if let Some(classes) = &case.classes
        && *classes != info.classes
    {
        off.push(format!("{name}: the classes {:?}", info.classes));
    }
    let space = case.space.as_ref().map(|_| OutputSpace::Score);
    if space.is_some_and(|space| space != info.space) {
        off.push(format!("{name}: {:?}", info.space));
    }
    match (case.ensemble, model.ensemble()) {
        (Some(true), None) => off.push(format!("{name}: no trees")),
        (_, Some(_)) => {
            let actual = by_hand(model, case, batch.n_rows);
            off.extend(differences(
                &actual,
                &case.predictions,
                1e-5,
                &format!("{name}, trees"),
            ));
        }
        (_, None) => {}
    }
    off
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "trees compare in single precision and exactly"
)]
/// The trees walked by hand, their link applied.
fn by_hand(model: &dyn Model, case: &Case, n_rows: usize) -> Vec<f64> {
    use interlock_model::ensemble::Comparison;
    let trees = model.ensemble().unwrap();
    let n_outputs = trees.n_outputs as usize;
    let mut margins = Vec::new();
    for row in 0..n_rows {
        let mut sums = trees.base.clone();
        for (start, output) in trees.tree_starts.iter().zip(&trees.tree_outputs) {
            let mut at = *start as usize;
            while trees.feature[at] != u32::MAX {
                let name = &trees.features[trees.feature[at] as usize];
                let column = case.columns.iter().find(|column| column.name == *name);
                let value = column.unwrap().numbers.as_ref().unwrap()[row].unwrap_or(f64::NAN);
                let value = f64::from(value as f32);
                let goes_yes = match trees.comparison[at] {
                    _ if value.is_nan() => trees.missing_goes_yes[at],
                    Comparison::Less => value < trees.value[at],
                    Comparison::LessOrEqual => value <= trees.value[at],
                    Comparison::Equal => value == trees.value[at],
                    Comparison::In => unreachable!("no set in these files"),
                };
                at = if goes_yes {
                    trees.yes[at]
                } else {
                    trees.no[at]
                } as usize;
            }
            if *output == u32::MAX {
                let first = trees.value[at] as usize * n_outputs;
                for (sum, value) in sums.iter_mut().zip(&trees.leaf_rows[first..]) {
                    *sum += value;
                }
            } else {
                sums[*output as usize] += trees.value[at];
            }
        }
        margins.extend(sums);
    }
    let link = format!("{:?}", trees.link).to_lowercase();
    linked(&margins, n_outputs, &link)
}

/// Many rows go through several threads, block by block: each row is what it is among few.
#[test]
fn many_rows_are_predicted_as_few() {
    const N_TIMES: usize = 200;
    for (name, case) in cases().iter().take(40) {
        let model = open(&folder().join(&case.model), &Limits::default()).unwrap();
        let values = values(case);
        let few = model.predict(&batch(case, &values)).unwrap();
        let tiled: Vec<Values> = values
            .iter()
            .map(|values| match values {
                Values::Numbers(numbers) => Values::Numbers(numbers.repeat(N_TIMES)),
                Values::Codes(codes) => Values::Codes(codes.repeat(N_TIMES)),
            })
            .collect();
        let many = Batch {
            n_rows: case.n_rows * N_TIMES,
            ..batch(case, &tiled)
        };
        let many = model.predict(&many).unwrap();
        for (at, copy) in many.chunks(few.len()).enumerate() {
            // Sums over a block may be taken in another order than over few rows.
            let off = differences(copy, &few, 1e-6, &format!("{name}, copy {at}"));
            assert_eq!(off, Vec::<String>::new());
        }
    }
}
