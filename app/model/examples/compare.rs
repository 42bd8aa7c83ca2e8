//! Compares predictions with those of the libraries that made the models.
//!
//! In: `cargo run --release -p interlock-model --example compare DIR`, where a script under
//! `fixtures/*/large.py` has written models and cases. Out: one line per case with the largest
//! differences; exit status 1 if one is larger than the case allows.
//!
//! A case is `NAME.case.json`: `model` (a file beside it), `n_rows`, `columns` (each `name` and
//! either `numbers` with null for missing, or `codes` with null for missing and `categories`),
//! `predictions` and, if the library gives them, `margins`, row by row; `tolerance`, relative to the
//! greater of 1 and the expected figure.

#![expect(clippy::print_stdout, reason = "its answer is its standard output")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, open};
use serde::Deserialize;

/// Code of a missing category.
const MISSING: u32 = u32::MAX;

#[derive(Deserialize)]
struct Case {
    model: PathBuf,
    n_rows: usize,
    columns: Vec<Column>,
    predictions: Vec<f64>,
    #[serde(default)]
    margins: Option<Vec<f64>>,
    tolerance: f64,
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

/// A column's values as the batch wants them.
enum Values {
    Numbers(Vec<f64>),
    Codes(Vec<u32>),
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: compare DIR")?;
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".case.json"))
        .collect();
    cases.sort();
    if cases.is_empty() {
        return Err(format!("'{folder}' holds no *.case.json").into());
    }
    let mut n_bad = 0;
    for case in &cases {
        if !compare(case)? {
            n_bad += 1;
        }
    }
    println!("{} cases, {n_bad} beyond their tolerance", cases.len());
    Ok(if n_bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compare(path: &Path) -> Result<bool, Box<dyn Error>> {
    let case: Case = serde_json::from_slice(&std::fs::read(path)?)?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = path.parent().unwrap_or(Path::new("."));
    let model = open(&folder.join(&case.model), &Limits::default())
        .map_err(|error| format!("{name}: {error}"))?;
    let values: Vec<Values> = case.columns.iter().map(values).collect();
    let batch = Batch {
        n_rows: case.n_rows,
        columns: case
            .columns
            .iter()
            .zip(&values)
            .map(|(column, values)| BatchColumn {
                name: &column.name,
                values: match values {
                    Values::Numbers(numbers) => BatchValues::Numeric(numbers),
                    Values::Codes(codes) => BatchValues::Categorical {
                        codes,
                        categories: &column.categories,
                    },
                },
            })
            .collect(),
    };
    let predicted = model
        .predict(&batch)
        .map_err(|error| format!("{name}: {error}"))?;
    let mut is_good = told(
        &name,
        "predictions",
        &predicted,
        &case.predictions,
        case.tolerance,
    );
    if let Some(expected) = &case.margins {
        let margins = model
            .margins(&batch)
            .map_err(|error| format!("{name}: {error}"))?;
        is_good &= told(&name, "margins", &margins, expected, case.tolerance);
    }
    Ok(is_good)
}

fn values(column: &Column) -> Values {
    match (&column.numbers, &column.codes) {
        (_, Some(codes)) => {
            Values::Codes(codes.iter().map(|code| code.unwrap_or(MISSING)).collect())
        }
        (numbers, None) => Values::Numbers(
            numbers
                .iter()
                .flatten()
                .map(|number| number.unwrap_or(f64::NAN))
                .collect(),
        ),
    }
}

/// Prints the largest differences; whether all are within the tolerance.
fn told(name: &str, what: &str, actual: &[f64], expected: &[f64], tolerance: f64) -> bool {
    if actual.len() != expected.len() {
        println!(
            "{name:<44} {what:<12} {} figures, not {}",
            actual.len(),
            expected.len()
        );
        return false;
    }
    let differences = || {
        actual
            .iter()
            .zip(expected)
            .map(|(a, e)| ((a - e).abs(), e.abs().max(1.0)))
    };
    let greatest = differences()
        .map(|(difference, _)| difference)
        .fold(0.0, f64::max);
    let relative = differences()
        .map(|(difference, scale)| difference / scale)
        .fold(0.0, f64::max);
    // NaN differences count as beyond any tolerance.
    let is_good = differences().all(|(difference, scale)| difference <= tolerance * scale);
    let n_equal = differences()
        .filter(|(difference, _)| *difference == 0.0)
        .count();
    println!(
        "{name:<44} {what:<12} {greatest:.2e} absolute, {relative:.2e} relative, {n_equal} of {} to the bit{}",
        actual.len(),
        if is_good { "" } else { "  BEYOND" }
    );
    is_good
}
