//! What the tests share: fixtures, runs, comparisons.
//!
//! In: `expected.json`, written by `expected.py`, which names the calls. Out: runs whose model gives
//! the scores that stand in the table.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{
    FeatureValues, Features, Metric, ModelFacts, Outcome, Predictions, Role, Task,
};
use serde_json::Value;

/// The fixture.
pub(crate) fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

/// A model that gives what some columns hold.
pub(crate) fn given(outputs: &[&str]) -> impl Fn(&Features) -> Predictions + 'static {
    let outputs: Vec<String> = outputs.iter().map(|&name| name.to_owned()).collect();
    move |features| {
        let columns: Vec<&Vec<f64>> = outputs
            .iter()
            .map(
                |name| match &features.columns[features.position(name).unwrap()].values {
                    FeatureValues::Numeric(values) => values,
                    FeatureValues::Categorical { .. } => panic!("{name} holds no numbers"),
                },
            )
            .collect();
        Predictions {
            n_rows: features.n_rows,
            n_outputs: columns.len(),
            values: (0..features.n_rows)
                .flat_map(|row| columns.iter().map(move |column| column[row]))
                .collect(),
        }
    }
}

/// The face of a model.
pub(crate) fn facts(features: &[&str], classes: &[&str], n_outputs: u32) -> ModelFacts {
    ModelFacts {
        format: "test".to_owned(),
        features: features.iter().map(|&name| name.to_owned()).collect(),
        n_outputs,
        classes: classes.iter().map(|&name| name.to_owned()).collect(),
        threshold: 0.5,
        has_ensemble: false,
    }
}

/// A project with a target and no tables yet.
pub(crate) fn project(task: Task) -> Run {
    Run::new(interlock_evaluation::module()).facts(|facts| {
        facts.target = Some("y".to_owned());
        facts.task = task;
        facts.positive = (task == Task::Binary).then(|| "yes".to_owned());
    })
}

/// The binary fixture: the model takes all inputs and gives the score.
pub(crate) fn binary() -> (Run, Value) {
    let fixture = expected()["binary"].clone();
    let run = with_binary(
        fixture["train"].as_str().unwrap(),
        fixture["test"].as_str().unwrap(),
    );
    (run, fixture)
}

/// Two classes, the score in the column `score`.
pub(crate) fn with_binary(train: &str, test: &str) -> Run {
    project(Task::Binary)
        .table(Role::Train, TestTable::from_csv(train))
        .table(Role::Test, TestTable::from_csv(test))
        .model(
            given(&["score"]),
            facts(&["age", "income", "housing", "score"], &["no", "yes"], 1),
        )
}

/// The fixture of three classes, which has no training table.
pub(crate) fn multiclass() -> (Run, Value) {
    let fixture = expected()["multiclass"].clone();
    let run = project(Task::Multiclass)
        .table(
            Role::Test,
            TestTable::from_csv(fixture["test"].as_str().unwrap()),
        )
        .model(
            given(&["p0", "p1", "p2"]),
            facts(&["p0", "p1", "p2"], &["hi", "lo", "mid"], 3),
        );
    (run, fixture)
}

/// The fixture of a number, predicted in the column `pred`.
pub(crate) fn regression() -> (Run, Value) {
    let fixture = expected()["regression"].clone();
    let run = project(Task::Regression)
        .table(
            Role::Train,
            TestTable::from_csv(fixture["train"].as_str().unwrap()),
        )
        .table(
            Role::Test,
            TestTable::from_csv(fixture["test"].as_str().unwrap()),
        )
        .model(
            given(&["pred"]),
            facts(&["age", "income", "housing", "pred"], &[], 1),
        );
    (run, fixture)
}

/// A metric that must be there.
#[track_caller]
pub(crate) fn metric<'o>(outcome: &'o Outcome, id: &str) -> &'o Metric {
    let found = outcome.metrics.iter().find(|metric| metric.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:?}", outcome.metrics))
}

/// Whether a metric is what it must be, to 1e-9.
#[track_caller]
pub(crate) fn close(metric: &Metric, expected: &Value) {
    near(metric.value.unwrap(), expected, 1e-9, &metric.id);
}

/// Whether a figure is what it must be.
#[track_caller]
pub(crate) fn near(value: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (value - expected).abs() <= tolerance,
        "{what}: {value} is not {expected}"
    );
}

/// Codes of the findings.
pub(crate) fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}
