//! Both checks through the real border, against shap and brute force, and against what must be said.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{
    Chart, CheckError, FeatureValues, Features, ModelFacts, Outcome, Predictions, Role, Task,
    Verdict,
};
use interlock_shap::permutation_importance::importances;
use interlock_shap::shapley::{Method, explain};
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

fn column(features: &Features, at: usize) -> Vec<f64> {
    match &features.columns[at].values {
        FeatureValues::Numeric(values) => values.clone(),
        FeatureValues::Categorical { .. } => panic!("a number"),
    }
}

/// The function of `expected.py`.
fn figures(features: &Features) -> Vec<f64> {
    let [a, b, c] = [0, 1, 2].map(|at| column(features, at));
    (0..features.n_rows)
        .map(|row| {
            let step = if c[row] > 0.5 { 1.5 } else { -0.5 };
            let margin = a[row] * b[row] + step + 0.25 * a[row] * a[row];
            1.0 / (1.0 + (-margin).exp())
        })
        .collect()
}

fn model(features: &Features) -> Predictions {
    Predictions {
        n_rows: features.n_rows,
        n_outputs: 1,
        values: figures(features),
    }
}

fn facts() -> ModelFacts {
    ModelFacts {
        features: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        n_outputs: 1,
        classes: vec!["0".to_owned(), "1".to_owned()],
        threshold: 0.5,
        ..ModelFacts::default()
    }
}

fn run() -> Run {
    let expected = expected();
    let table = |name: &str| TestTable::from_csv(expected[name].as_str().unwrap());
    Run::new(interlock_shap::module())
        .table(Role::Train, table("background"))
        .table(Role::Test, table("rows"))
        .facts(|facts| facts.task = Task::Binary)
        .model(model, facts())
}

/// The swarm's values by row of the table, for one column.
fn swarm(outcome: &Outcome, name: &str) -> Vec<(u64, f64)> {
    let view = outcome
        .views
        .iter()
        .find(|view| view.id == "swarm")
        .unwrap();
    let Chart::Beeswarm { strips, .. } = &view.chart else {
        panic!("a swarm")
    };
    let strip = strips.iter().find(|strip| strip.name == name).unwrap();
    strip
        .points
        .iter()
        .map(|point| (point.row.unwrap(), point.x))
        .collect()
}

#[test]
fn exact_values_are_those_of_shap() {
    let expected = expected();
    let outcome = run().check("shap.values").unwrap();
    for (at, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        for (row, value) in swarm(&outcome, name) {
            let wanted = expected["values"][usize::try_from(row).unwrap()][at]
                .as_f64()
                .unwrap();
            assert!(
                (value - wanted).abs() < 1e-9,
                "{name} of row {row}: {value}, {wanted} expected"
            );
        }
    }
    assert!(outcome.metrics[0].value.unwrap() < 1e-12, "they add up");
}

#[test]
fn permutations_come_near_and_add_up_exactly() {
    let expected = expected();
    let few = run()
        .param("max_predictions", 1_usize)
        .param("permutations", 1_usize);
    let outcome = few.check("shap.values").unwrap();
    assert!(
        outcome.metrics[0].value.unwrap() < 1e-12,
        "they add up with one pair too"
    );
    let rows = features("rows");
    let background = features("background");
    let predict = |features: &Features| Ok(figures(features));
    let found = explain(
        (&rows, 2),
        &background,
        (0.0, 0.0),
        &predict,
        (Method::Permutations(4000), 1),
    )
    .unwrap();
    for (at, value) in found.values.iter().enumerate() {
        let wanted = expected["values"][2][at].as_f64().unwrap();
        let error = found.errors[at];
        assert!(
            (value - wanted).abs() <= 5.0 * error + 1e-12,
            "{at}: {value} ± {error}, {wanted}"
        );
    }
}

fn features(name: &str) -> Features {
    let expected = expected();
    let lines: Vec<Vec<f64>> = expected[name]
        .as_str()
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    Features {
        n_rows: lines.len(),
        columns: (0..4)
            .map(|at| interlock_plugin_api::Feature {
                name: at.to_string(),
                values: FeatureValues::Numeric(lines.iter().map(|line| line[at]).collect()),
            })
            .collect(),
    }
}

#[test]
fn a_model_that_changes_its_mind_does_not_add_up() {
    let calls = std::cell::Cell::new(0_u32);
    let moody = run().model(
        move |features| {
            calls.set(calls.get() + 1);
            let mut predictions = model(features);
            for value in &mut predictions.values {
                *value += f64::from(calls.get()) * 1e-3;
            }
            predictions
        },
        facts(),
    );
    let outcome = moody.check("shap.values").unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(outcome.findings[0].code, "SH011");
}

#[test]
fn a_sensitive_column_that_moves_predictions_is_named() {
    let run = run().facts(|facts| facts.columns[0].is_sensitive = true);
    let outcome = run.check("shap.values").unwrap();
    let finding = outcome
        .findings
        .iter()
        .find(|finding| finding.code == "SH012")
        .unwrap();
    assert_eq!(finding.place.columns, ["a"]);
    assert_eq!(outcome.verdict, Verdict::Warn);
}

#[test]
fn importance_is_the_mean_over_all_exchanges() {
    // Loss of the square: exchanging x costs, on average over all permutations,
    // mean over i, j of (f(x_j) - y_i)² - (f(x_i) - y_i)², with f the identity.
    let x: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 13) - 6.0).collect();
    let y: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(row, x)| x + (row as f64).sin())
        .collect();
    let n = x.len() as f64;
    let mut wanted = 0.0;
    for (xi, yi) in x.iter().zip(&y) {
        for xj in &x {
            wanted += ((xj - yi).powi(2) - (xi - yi).powi(2)) / n / n;
        }
    }
    let features = Features {
        n_rows: x.len(),
        columns: vec![interlock_plugin_api::Feature {
            name: "x".to_owned(),
            values: FeatureValues::Numeric(x),
        }],
    };
    let predict = |features: &Features| -> Result<Predictions, CheckError> {
        Ok(Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: column(features, 0),
        })
    };
    let loss = |predictions: &Predictions| -> Vec<f64> {
        predictions
            .values
            .iter()
            .zip(&y)
            .map(|(p, y)| (p - y).powi(2))
            .collect()
    };
    let found = importances(&features, (&predict, &loss), (2000, 4, 1.0), &|_| ()).unwrap();
    let error = (found[0].mean - wanted).abs() / wanted;
    assert!(error < 0.01, "{} instead of {wanted}", found[0].mean);
}

#[test]
fn a_leak_fails_and_idle_columns_are_noted() {
    let mut csv = "a,b,c,d,y\n".to_owned();
    for row in 0..200 {
        let c = u8::from(row % 3 == 0);
        let _written = writeln!(csv, "0,{},{c},{},{c}", row % 11, row % 7);
    }
    let run = Run::new(interlock_shap::module())
        .table(Role::Train, TestTable::from_csv(&csv))
        .facts(|facts| {
            facts.task = Task::Binary;
            facts.target = Some("y".to_owned());
        })
        .model(model, facts());
    let outcome = run.check("shap.permutation-importance").unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    let codes: Vec<&str> = outcome
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["SH001", "SH004"]);
    assert_eq!(outcome.findings[0].place.columns, ["c"]);
    assert_eq!(
        outcome,
        run.check("shap.permutation-importance").unwrap(),
        "same seed, same outcome"
    );
}

#[test]
fn odd_tables_cannot_be_judged() {
    for csv in ["a,b,c,d,y\n", "a,b,c,d,y\n1,2,3,4,1\n"] {
        let run = Run::new(interlock_shap::module())
            .table(Role::Train, TestTable::from_csv(csv))
            .facts(|facts| facts.target = Some("y".to_owned()))
            .model(model, facts());
        for id in ["shap.values", "shap.permutation-importance"] {
            let outcome = run.check(id).unwrap();
            assert_ne!(outcome.verdict, Verdict::Pass, "{id} on {csv:?}");
        }
    }
}
