//! Both checks through the real border, against closed forms and against what must be said.
//!
//! `expected.json` is written by `expected.py`, which says what they are.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{
    CheckErrorKind, FeatureValues, Features, ModelFacts, Outcome, Predictions, Role, Task, Verdict,
};
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

/// The model: positive from 0 on.
fn sign(features: &Features) -> Predictions {
    let FeatureValues::Numeric(values) = &features.columns[0].values else {
        panic!("x is a number")
    };
    Predictions {
        n_rows: features.n_rows,
        n_outputs: 1,
        values: values.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
    }
}

fn run(csv: &str) -> Run {
    Run::new(interlock_adversarial::module())
        .table(Role::Train, TestTable::from_csv(csv))
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.task = Task::Binary;
        })
        .model(
            sign,
            ModelFacts {
                features: vec!["x".to_owned()],
                n_outputs: 1,
                classes: vec!["0".to_owned(), "1".to_owned()],
                threshold: 0.5,
                ..ModelFacts::default()
            },
        )
        .seed(9)
}

fn whole() -> Run {
    run(expected()["csv"].as_str().unwrap())
}

fn score(outcome: &Outcome, level: &str) -> f64 {
    let group = format!("noise={level}");
    let found = outcome
        .metrics
        .iter()
        .find(|metric| metric.id == "score" && metric.group.as_deref() == Some(group.as_str()));
    found.unwrap().value.unwrap()
}

#[test]
fn accuracy_falls_as_the_normal_distribution_says() {
    let outcome = whole()
        .param("repeats", 200_u64)
        .check("adversarial.noise")
        .unwrap();
    for (level, name) in [("0.1", "0.1"), ("0.5", "0.5"), ("1", "1.0")] {
        let wanted = expected()["accuracy"][name].as_f64().unwrap();
        let found = score(&outcome, level);
        // 600 rows times 200 draws: a standard error below 0.001.
        assert!(
            (found - wanted).abs() < 0.004,
            "at {level}: {found}, {wanted} expected"
        );
    }
    assert!((score(&outcome, "0") - 1.0).abs() < 1e-12);
}

#[test]
fn decisions_turn_where_the_steps_reach_over_the_boundary() {
    let outcome = whole()
        .param("max_rows", 600_usize)
        .check("adversarial.perturbation")
        .unwrap();
    let turned = expected()["turned"].as_array().unwrap().clone();
    let n = turned.iter().filter(|turned| **turned == 1).count();
    let share = outcome.metrics[0].value.unwrap();
    // A row exactly at a step's end may fall on either side of rounding.
    assert!(
        (share * 600.0 - n as f64).abs() <= 2.0,
        "{share} of 600, {n} expected"
    );
}

#[test]
fn an_immutable_input_leaves_nothing_to_do() {
    let run = whole().facts(|facts| facts.columns[0].is_immutable = true);
    for id in ["adversarial.noise", "adversarial.perturbation"] {
        let outcome = run.check(id).unwrap();
        assert_eq!(
            outcome.verdict,
            Verdict::Inconclusive,
            "{}",
            outcome.summary
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_thresholds_turn_it() {
    let first = whole().check("adversarial.noise").unwrap();
    assert_eq!(first, whole().check("adversarial.noise").unwrap());
    let strict = whole().param("fail_above", 0.001).param("warn_above", 0.0);
    let outcome = strict.check("adversarial.noise").unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(outcome.findings[0].code, "AD001");
}

#[test]
fn a_model_that_guesses_is_not_robust() {
    let mut csv = "x,y\n".to_owned();
    for row in 0..200 {
        // The truth has nothing to do with x.
        let (x, y) = ((row % 7) - 3, u8::from(row % 5 == 0));
        csv = format!("{csv}{x},{y}\n");
    }
    let outcome = run(&csv).check("adversarial.noise").unwrap();
    assert_ne!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.code == "AD003")
    );
}

#[test]
fn odd_tables_cannot_be_judged() {
    for csv in ["x,y\n", "x,y\n1,1\n", "x,y\n1,\n2,\n"] {
        for id in ["adversarial.noise", "adversarial.perturbation"] {
            let outcome = run(csv).check(id).unwrap();
            assert_eq!(outcome.verdict, Verdict::Inconclusive, "{id} on {csv:?}");
        }
    }
}

#[test]
fn nonsense_settings_are_refused() {
    let noise = whole()
        .param("judged_level", -1.0)
        .check("adversarial.noise");
    assert_eq!(noise.unwrap_err().kind, CheckErrorKind::BadParameter);
    let steps = whole()
        .param("step", 1e-9)
        .check("adversarial.perturbation");
    assert_eq!(steps.unwrap_err().kind, CheckErrorKind::BadParameter);
}
