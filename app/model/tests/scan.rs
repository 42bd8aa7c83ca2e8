//! The scanner against Python's own reading of benign files, and against every known way to hide code.
//!
//! `fixtures/scan/make.py` writes the benign files and what `pickletools` finds in them. Malicious bytes
//! are built here; they only would call `os.system("true")`, and nothing ever loads them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "scan/archives.rs"]
mod archives;

#[path = "scan/build.rs"]
mod build;

#[path = "scan/hidden.rs"]
mod hidden;

#[path = "scan/known.rs"]
mod known;

#[path = "scan/mutations.rs"]
mod mutations;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use interlock_model::scan::{Scan, ScanLimits, Verdict, scan};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    imports: BTreeSet<(String, String)>,
    kind: String,
    estimator: Option<String>,
    verdict: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scan")
}

fn expected() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn scanned(name: &str) -> Scan {
    scan(&folder().join(name), &ScanLimits::default()).unwrap()
}

#[test]
fn benign_files_read_as_python_reads_them() {
    let expected = expected();
    assert!(expected.len() >= 60, "{} fixtures", expected.len());
    let mut wrong = Vec::new();
    for (name, expected) in &expected {
        let scan = scanned(name);
        let imports: BTreeSet<(String, String)> = scan
            .imports
            .iter()
            .map(|import| (import.module.clone(), import.name.clone()))
            .collect();
        if imports != expected.imports && expected.kind != "skops archive" {
            let missed: Vec<_> = expected.imports.difference(&imports).collect();
            let extra: Vec<_> = imports.difference(&expected.imports).collect();
            wrong.push(format!("{name}: missed {missed:?}, too many {extra:?}"));
        }
        if scan.kind.to_string() != expected.kind {
            wrong.push(format!("{name}: {}, not {}", scan.kind, expected.kind));
        }
        if scan.verdict.to_string() != expected.verdict {
            wrong.push(format!("{name}: {}: {:?}", scan.verdict, scan.reasons));
        }
        if scan.estimator != expected.estimator {
            let pair = (&scan.estimator, &expected.estimator);
            wrong.push(format!("{name}: estimator {pair:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn advice_names_the_class_and_the_way_out() {
    assert_eq!(
        scanned("pipeline_4.pkl").advice,
        "a Python pickle of sklearn.pipeline.Pipeline; it is never loaded, because loading it runs code; \
         export it with skl2onnx.to_onnx(model, X[:1]) or name a Python entry in the project file"
    );
    let advice = scanned("xgboost.pkl").advice;
    assert!(
        advice.contains("model.save_model(\"model.json\")"),
        "{advice}"
    );
}

#[test]
fn parts_and_uses_are_named() {
    let scan = scanned("weights.pt");
    let names: Vec<&str> = scan.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "",
            "model/data.pkl",
            "model/byteorder",
            "model/data/0",
            "model/version"
        ]
    );
    let rebuild = &scan.imports[1];
    assert_eq!(rebuild.name, "_rebuild_tensor_v2");
    assert_eq!(rebuild.how, interlock_model::scan::Use::Called);
    assert_eq!(rebuild.part, "model/data.pkl");
    let lambda = scanned("lambda.h5");
    assert_eq!(lambda.verdict, Verdict::Dangerous);
    assert!(
        lambda
            .findings
            .iter()
            .any(|finding| finding.code == "config-read")
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = scan(Path::new("nowhere.pkl"), &ScanLimits::default());
    assert!(error.unwrap_err().to_string().contains("nowhere.pkl"));
}

#[test]
fn larger_files_than_the_limit_are_not_read() {
    let limits = ScanLimits {
        n_bytes: 10,
        ..ScanLimits::default()
    };
    let scan = scan(&folder().join("pca.pkl"), &limits).unwrap();
    assert_eq!(scan.verdict, Verdict::CannotTell);
}
