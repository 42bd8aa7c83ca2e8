//! ONNX graphs with operators that are not ours: what is said of them, and, with the feature
//! `onnxruntime` and `ORT_DYLIB_PATH` set, what ONNX Runtime makes of them.
//!
//! In: the files that `fixtures/onnx/elsewhere/make.py` wrote. Out: figures within 1e-6 of those
//! onnxruntime gave in Python.

#![cfg_attr(
    feature = "onnxruntime",
    expect(clippy::unwrap_used, reason = "a test stops at the first surprise")
)]

use std::path::{Path, PathBuf};

use interlock_model::{Limits, open};

/// The library, if the environment names one.
fn library() -> Option<PathBuf> {
    std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from)
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/onnx/elsewhere");
    folder.join(name)
}

#[test]
fn without_onnx_runtime_the_first_operator_that_is_not_ours_is_named() {
    if cfg!(feature = "onnxruntime") && library().is_some() {
        println!("passed over: ORT_DYLIB_PATH is set");
        return;
    }
    let message = |name| {
        let opened = open(&file(name), &Limits::default());
        opened.map(|_| ()).unwrap_err().to_string()
    };
    let convolution = message("convolution.onnx");
    assert!(convolution.contains("'Conv' of 'ai.onnx'"), "{convolution}");
    assert!(
        message("half.onnx").contains("tensor 'w' of element type 10"),
        "{}",
        message("half.onnx")
    );
    let is_told = convolution.contains("set ORT_DYLIB_PATH to the library of ONNX Runtime");
    assert_eq!(is_told, cfg!(feature = "onnxruntime"), "{convolution}");
}

#[cfg(feature = "onnxruntime")]
mod there {
    use interlock_model::{Batch, BatchColumn, BatchValues};

    use super::*;

    fn expected() -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(file("expected.json")).unwrap()).unwrap()
    }

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        let list = value.as_array().unwrap().iter();
        list.map(|number| number.as_f64().unwrap()).collect()
    }

    #[track_caller]
    fn check(name: &str, columns: &[(&str, BatchValues<'_>)], expected: &[f64]) {
        let model = open(&file(name), &Limits::default()).unwrap();
        assert!(model.info().producer.ends_with("run by ONNX Runtime"));
        let columns: Vec<BatchColumn<'_>> = columns
            .iter()
            .map(|(name, values)| BatchColumn {
                name,
                values: *values,
            })
            .collect();
        let batch = Batch {
            n_rows: expected.len(),
            columns,
        };
        let given = model.predict(&batch).unwrap();
        assert_eq!(given.len(), expected.len());
        for (given, expected) in given.iter().zip(expected) {
            assert!((given - expected).abs() <= 1e-6, "{given} {expected}");
        }
        // Blocks go to several sessions: the same figures again.
        assert_eq!(given, model.predict(&batch).unwrap());
    }

    #[test]
    fn onnx_runtime_runs_what_is_not_ours() {
        if !library().is_some_and(|library| library.exists()) {
            println!("passed over: ORT_DYLIB_PATH names no library");
            return;
        }
        let expected = expected();
        let case = &expected["convolution"];
        let rows: Vec<Vec<f64>> = case["x"].as_array().unwrap().iter().map(numbers).collect();
        let columns: Vec<Vec<f64>> = (0..6)
            .map(|at| rows.iter().map(|row| row[at]).collect())
            .collect();
        let named: Vec<(&str, BatchValues<'_>)> = ["f0", "f1", "f2", "f3", "f4", "f5"]
            .into_iter()
            .zip(columns.iter().map(|column| BatchValues::Numeric(column)))
            .collect();
        check("convolution.onnx", &named, &numbers(&case["predictions"]));

        let case = &expected["half"];
        let categories = ["Ulm", "JENA", "jena", "Kiel"].map(str::to_owned);
        let towns = case["town"].as_array().unwrap().iter();
        let codes: Vec<u32> = towns
            .map(|town| {
                let at = categories.iter().position(|name| town == name).unwrap();
                u32::try_from(at).unwrap()
            })
            .collect();
        let columns = [
            ("size", BatchValues::Numeric(&numbers(&case["size"]))),
            (
                "town",
                BatchValues::Categorical {
                    codes: &codes,
                    categories: &categories,
                },
            ),
        ];
        check("half.onnx", &columns, &numbers(&case["predictions"]));
    }

    #[test]
    fn a_library_that_is_none_is_named() {
        if library().is_none_or(|library| library.exists()) {
            println!("passed over: ORT_DYLIB_PATH names no file that is missing");
            return;
        }
        let error = open(&file("convolution.onnx"), &Limits::default());
        let error = error.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("cannot be used"), "{error}");
    }
}
