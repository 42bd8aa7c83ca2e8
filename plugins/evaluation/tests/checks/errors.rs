//! Errors of regressions against SciPy and NumPy, and with planted faults.

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::TestTable;
use interlock_plugin_api::{Chart, CheckErrorKind, Outcome, Role, Task, Verdict};
use interlock_stats::rng::Rng;
use serde_json::Value;

use crate::kit::{
    binary, close, codes, decisions, facts, given, metric, near, project, regression,
};

#[track_caller]
fn with_ends(outcome: &Outcome, id: &str, expected: &Value) {
    let found = metric(outcome, id);
    close(found, &expected[0]);
    let interval = found.interval.clone().unwrap();
    near(interval.low, &expected[1], 1e-9, id);
    near(interval.high, &expected[2], 1e-9, id);
}

#[test]
fn the_shape_of_errors_is_that_of_scipy() {
    let outcome = regression()
        .0
        .check("evaluation.regression-errors")
        .unwrap();
    let expected = &decisions()["regression"];
    for (id, name) in [
        ("mean_error", "mean_error"),
        ("far_share", "far"),
        ("spread_ratio", "spread_ratio"),
    ] {
        with_ends(&outcome, id, &expected[name]);
    }
    for id in [
        "rmse",
        "bias",
        "median_error",
        "skewness",
        "excess_kurtosis",
        "spread_p_value",
    ] {
        close(metric(&outcome, id), &expected[id]);
    }
    let view = outcome.views.iter().find(|view| view.id == "deciles");
    let Chart::Bars { bars, .. } = &view.unwrap().chart else {
        unreachable!("tenths are bars");
    };
    for (bar, mean) in bars
        .iter()
        .zip(expected["decile_means"].as_array().unwrap())
    {
        near(bar.value, mean, 1e-9, &bar.label);
    }
    // Cross-fitted, less than on the same rows.
    let own = outcome
        .metrics
        .iter()
        .find(|metric| metric.id == "explained" && metric.group.is_some());
    assert!(own.unwrap().value.unwrap() < expected["eta_squared"].as_f64().unwrap());
}

/// A target around a line in `x`, the prediction as `predict(x, center)`, the noise as drawn.
fn table(
    n: usize,
    seed: u64,
    noise: impl Fn(&mut Rng, f64) -> f64,
    predict: impl Fn(f64, f64) -> f64,
) -> String {
    let mut rng = Rng::new(seed);
    let mut csv = "x,kind,note,pred,y\n".to_owned();
    for row in 0..n {
        let x = 10.0 * rng.uniform();
        let kind = ["a", "b", "c"][rng.below(3)];
        let center = 5.0 + 3.0 * x;
        let y = center + noise(&mut rng, x);
        writeln!(csv, "{x},{kind},free text {row},{},{y}", predict(x, center)).unwrap();
    }
    csv
}

fn run(csv: &str) -> Outcome {
    project(Task::Regression)
        .table(Role::Test, TestTable::from_csv(csv))
        .model(given(&["pred"]), facts(&["pred"], &[], 1))
        .check("evaluation.regression-errors")
        .unwrap()
}

fn plain(rng: &mut Rng, _: f64) -> f64 {
    rng.normal()
}

#[test]
fn sound_errors_pass_and_free_text_is_left_out_by_name() {
    let outcome = run(&table(1000, 1, plain, |_, center| center));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert!(
        outcome.notes.iter().any(|note| note.contains("'note'")),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn a_lean_to_one_side_is_dq129() {
    let outcome = run(&table(1000, 2, plain, |_, center| center - 0.5));
    assert_eq!(codes(&outcome), ["DQ129"], "{}", outcome.summary);
    assert!(
        outcome.summary.contains("too low by 0."),
        "{}",
        outcome.summary
    );
}

#[test]
fn a_few_errors_far_out_are_dq130_with_their_rows() {
    let noise = |rng: &mut Rng, _: f64| {
        let far = if rng.uniform() < 0.05 { 30.0 } else { 1.0 };
        far * rng.normal()
    };
    let outcome = run(&table(2000, 3, noise, |_, center| center));
    assert!(codes(&outcome).contains(&"DQ130"), "{}", outcome.summary);
    let finding = &outcome.findings[0];
    let rows = finding.place.rows.clone().unwrap();
    let share = metric(&outcome, "far_share").value.unwrap();
    assert!((rows.total as f64 - share * 2000.0).abs() < 1e-9);
    assert!(metric(&outcome, "far_part").value.unwrap() > 0.9);
}

#[test]
fn errors_that_a_column_or_the_prediction_foretells_are_dq131() {
    // The model misses a bend in x, which its own prediction then shows as well.
    let outcome = run(&table(1500, 4, plain, |x, center| {
        center + (x - 5.0).abs() - 2.5
    }));
    assert!(codes(&outcome).iter().all(|code| *code == "DQ131"));
    let columns: Vec<&str> = outcome
        .findings
        .iter()
        .flat_map(|finding| finding.place.columns.iter().map(String::as_str))
        .collect();
    assert!(columns.contains(&"x"), "{:?}", outcome.summary);
    assert!(!columns.contains(&"kind"), "{:?}", outcome.summary);
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.title.starts_with("the prediction foretells"))
    );
}

#[test]
fn errors_far_wider_at_one_end_are_dq131() {
    let noise = |rng: &mut Rng, x: f64| (0.1 + x) * rng.normal();
    let outcome = run(&table(2000, 5, noise, |_, center| center));
    assert!(codes(&outcome).contains(&"DQ131"), "{}", outcome.summary);
    assert!(
        outcome.summary.contains("times as wide"),
        "{}",
        outcome.summary
    );
}

#[test]
fn a_constant_error_says_nothing_and_classes_have_none() {
    let outcome = run(&table(300, 6, |_, _| 0.0, |_, center| center));
    assert_ne!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    let constant = run(&table(300, 6, plain, |_, _| 20.0));
    assert_ne!(constant.verdict, Verdict::Fail, "{}", constant.summary);
    let error = binary()
        .0
        .check("evaluation.regression-errors")
        .unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
}

#[test]
fn tables_of_hardly_anything_or_of_monstrous_numbers_never_pass() {
    let header = "x,kind,pred,y\n";
    let tables = [
        header.to_owned(),
        format!("{header}1,ü,2,3\n"),
        format!("{header}{}", "1,ü,2,\n".repeat(80)),
        format!("{header}{}", "1,ü,2,3\n".repeat(80)),
        format!("{header}{}", "1,ü,1e308,-1e308\n,,5,1e300\n".repeat(40)),
        format!("{header}{}", "9223372036854775807,a,0,-0.0\n".repeat(80)),
    ];
    for csv in &tables {
        let outcome = project(Task::Regression)
            .table(Role::Test, TestTable::from_csv(csv))
            .model(given(&["pred"]), facts(&["pred"], &[], 1))
            .check("evaluation.regression-errors");
        let Ok(outcome) = outcome else { continue };
        assert_eq!(
            outcome.verdict,
            Verdict::Inconclusive,
            "{csv:.60}: {}",
            outcome.summary
        );
    }
    // Errors as far out as numbers go, but not equal: said, without a panic.
    let mut wild = header.to_owned();
    for row in 0..200 {
        let y = if row % 10 == 0 { 1e300 } else { 1.0 };
        writeln!(wild, "{row},a,{},{y}", row % 7).unwrap();
    }
    let outcome = run(&wild);
    assert!(codes(&outcome).contains(&"DQ130"), "{}", outcome.summary);
}
