//! Models of every format, each asked by all five plugins on the sample made for it.

use crate::harness::{Project, check_in};

/// Checks that ask the model.
const ASKING: [&str; 6] = [
    "shap.permutation-importance",
    "shap.values",
    "bias.demographic-parity",
    "bias.equalized-odds",
    "adversarial.noise",
    "adversarial.perturbation",
];

/// Every check that asks the model has a verdict, and the file is found harmless.
#[track_caller]
fn assert_asked(name: &str, format: &str) {
    let project = Project::of_sample("german-credit");
    let file = format!("with-{name}.toml");
    let report = project.run(&["check", &file, "--format", "json"]).json();
    assert_eq!(report["model"]["format"], format, "{:#}", report["model"]);
    for id in ASKING {
        let check = check_in(&report, id);
        let verdict = check["verdict"].as_str().unwrap();
        assert!(
            matches!(verdict, "pass" | "warn" | "fail" | "inconclusive"),
            "{check:#}"
        );
    }
    let check = check_in(&report, "adversarial.model-file");
    assert_eq!(check["verdict"], "pass", "{check:#}");
    let misfits = report["problems"].as_array().unwrap();
    assert!(
        misfits.iter().all(|problem| problem["is_error"] == false),
        "{misfits:#?}"
    );
}

#[test]
fn xgboost_with_categories() {
    assert_asked("xgboost", "xgboost-ubjson");
}

#[test]
fn lightgbm_with_categories() {
    assert_asked("lightgbm", "lightgbm-text");
}

#[test]
fn catboost_with_categories() {
    assert_asked("catboost", "catboost-cbm");
}

#[test]
fn a_scikit_learn_pipeline_with_texts_as_onnx() {
    assert_asked("onnx-pipeline", "onnx");
}

#[test]
fn a_neural_network_as_onnx() {
    assert_asked("onnx-network", "onnx");
}

#[test]
fn a_model_is_found_by_what_its_bytes_are() {
    let project = Project::of_sample("german-credit");
    std::fs::remove_file(project.path("interlock.toml")).unwrap();
    std::fs::copy(
        project.path("models/pipeline.onnx"),
        project.path("credit.onnx"),
    )
    .unwrap();
    std::fs::write(project.path("aaa.onnx"), "no model").unwrap();
    let run = project.run(&["init"]);
    let text = project.read("interlock.toml");
    assert!(text.contains("path = \"credit.onnx\"  # onnx"), "{text}");
    // Those in `models` come after it, and are named.
    assert!(
        run.stdout().contains("several models were found"),
        "{}",
        run.stdout()
    );
    let report = project.run(&["check", "--format", "json"]).json();
    assert_eq!(report["model"]["format"], "onnx");
}

#[test]
fn a_pickle_is_found_and_waits_for_consent() {
    let project = Project::of_sample("diabetes");
    std::fs::remove_file(project.path("interlock.toml")).unwrap();
    std::fs::remove_file(project.path("model.json")).unwrap();
    std::fs::write(project.path("model.pkl"), b"\x80\x04N.").unwrap();
    project.run(&["init"]);
    let text = project.read("interlock.toml");
    assert!(
        text.contains("path = \"model.pkl\"\nformat = \"python\""),
        "{text}"
    );
    let report = project.run(&["check", "--format", "json"]).json();
    let reason = check_in(&report, "shap.values")["reason"].to_string();
    assert!(reason.contains("waits for your consent"), "{reason}");
}

/// Rates of selection by group.
fn rates(report: &serde_json::Value) -> Vec<(String, f64)> {
    let metrics = check_in(report, "bias.demographic-parity")["metrics"].clone();
    let metrics = metrics.as_array().unwrap().iter();
    metrics
        .filter(|metric| metric["id"] == "selection_rate")
        .map(|metric| {
            (
                metric["group"].to_string(),
                metric["value"].as_f64().unwrap(),
            )
        })
        .collect()
}

/// Whichever class the project calls positive, the model is asked for that one.
#[test]
fn the_positive_class_is_the_projects() {
    let project = Project::of_sample("german-credit");
    let text = project.read("with-xgboost.toml");
    let run = |text: String| {
        project.save("with-xgboost.toml", &text);
        project
            .run(&["check", "with-xgboost.toml", "--format", "json"])
            .json()
    };
    let classes = "[model]\nclasses = [\"bad\", \"good\"]";
    let good = rates(&run(text.replace("[model]", classes)));
    let bad = run(text
        .replace("[model]", classes)
        .replace("positive = \"good\"", "positive = \"bad\""));
    let bad = rates(&bad);
    assert!(
        good.len() > 4 && good.len() == bad.len(),
        "{good:?} {bad:?}"
    );
    for ((group, good), (other, bad)) in good.iter().zip(&bad) {
        assert_eq!(group, other);
        assert!((good + bad - 1.0).abs() < 1e-9, "{group}: {good} and {bad}");
    }
}
