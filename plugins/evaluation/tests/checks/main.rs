//! The checks of performance through the real border, against scikit-learn, SciPy and brute force.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod kit;

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::TestTable;
use interlock_plugin_api::{CheckErrorKind, Outcome, Role, Task, Verdict};
use interlock_stats::rng::Rng;
use serde_json::Value;

use crate::kit::{
    binary, close, codes, facts, given, metric, multiclass, near, project, regression, with_binary,
};

#[track_caller]
fn all_figures(outcome: &Outcome, figures: &Value) {
    for (id, value) in figures.as_object().unwrap() {
        let found = metric(outcome, id);
        close(found, value);
        let interval = found.interval.as_ref().unwrap();
        let estimate = found.value.unwrap();
        assert!(
            interval.low < estimate && estimate < interval.high,
            "{found:?}"
        );
        assert!(found.n >= 400);
    }
}

#[test]
fn figures_are_those_of_scikit_learn() {
    for (run, fixture) in [binary(), multiclass(), regression()] {
        let outcome = run.check("evaluation.performance").unwrap();
        all_figures(&outcome, &fixture["figures"]);
    }
}

#[test]
fn bootstrap_intervals_have_the_width_of_a_brute_force_bootstrap() {
    let (run, fixture) = binary();
    let outcome = run
        .param("resamples", 4000)
        .check("evaluation.performance")
        .unwrap();
    for (id, error) in fixture["errors"].as_object().unwrap() {
        let interval = metric(&outcome, id).interval.clone().unwrap();
        let own = (interval.high - interval.low) / (2.0 * 1.959_963_984_540_054);
        let ratio = own / error.as_f64().unwrap();
        // Two standard errors from 4,000 draws each differ by some 2 %; BCa's asymmetry adds a little.
        assert!((ratio - 1.0).abs() < 0.08, "{id}: {ratio}");
    }
}

#[test]
fn limits_fail_only_where_the_interval_excludes_them() {
    let (run, _) = binary();
    let outcome = run.check("evaluation.performance").unwrap();
    let accuracy = metric(&outcome, "accuracy").clone();
    let bounds = accuracy.interval.unwrap();
    for (limit, verdict) in [
        (bounds.low - 1e-6, Verdict::Pass),
        (
            f64::midpoint(accuracy.value.unwrap(), bounds.low),
            Verdict::Pass,
        ),
        (
            f64::midpoint(accuracy.value.unwrap(), bounds.high),
            Verdict::Inconclusive,
        ),
        (bounds.high + 1e-6, Verdict::Fail),
    ] {
        let (run, _) = binary();
        let run = run.param("limits", vec![format!("accuracy >= {limit}")]);
        let outcome = run.check("evaluation.performance").unwrap();
        assert_eq!(outcome.verdict, verdict, "{limit}: {}", outcome.summary);
        let is_failed = verdict == Verdict::Fail;
        assert_eq!(codes(&outcome).contains(&"DQ120"), is_failed);
    }
}

#[test]
fn a_model_that_guesses_fails_and_its_wrong_rows_are_those_of_the_table() {
    let mut rng = Rng::new(1);
    let mut csv = "age,income,housing,score,y\n".to_owned();
    let mut wrong = Vec::new();
    for row in 0..3000_u64 {
        let (score, is_yes) = (rng.uniform(), rng.uniform() < 0.5);
        if (score >= 0.5) != is_yes {
            wrong.push(row);
        }
        let truth = if is_yes { "yes" } else { "no" };
        writeln!(csv, "1,2,own,{score},{truth}").unwrap();
    }
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.performance")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    let rows = outcome.findings[0].place.rows.clone().unwrap();
    assert_eq!(rows.total, wrong.len() as u64);
    assert_eq!(rows.rows, wrong[..1000]);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.simple-models")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert!(codes(&outcome).contains(&"DQ122"));
}

#[test]
fn gains_over_simple_models_are_those_of_scikit_learn() {
    let (run, fixture) = binary();
    let outcome = run.check("evaluation.simple-models").unwrap();
    let simple = &fixture["simple"];
    // The areas agree exactly once the coefficients agree to rounding: ranks do not move.
    close(
        metric(&outcome, "gain_over_constant"),
        &simple["gain_over_constant"],
    );
    let linear = metric(&outcome, "gain_over_linear");
    close(linear, &simple["gain_over_linear"]);
    let interval = linear.interval.clone().unwrap();
    let expected = &simple["gain_over_linear_interval"];
    near(interval.low, &expected[0], 1e-9, "low");
    near(interval.high, &expected[1], 1e-9, "high");

    let (run, fixture) = regression();
    let outcome = run.check("evaluation.simple-models").unwrap();
    for id in ["gain_over_constant", "gain_over_linear"] {
        close(metric(&outcome, id), &fixture["simple"][id]);
    }
}

#[test]
fn a_model_worse_than_a_line_is_warned_of() {
    let mut rng = Rng::new(8);
    let mut csv = "age,income,housing,score,y\n".to_owned();
    for _ in 0..1500 {
        let age = rng.normal();
        let is_yes = rng.uniform() < 1.0 / (1.0 + (-2.0 * age).exp());
        // The model sees the age through much noise.
        let score = 1.0 / (1.0 + (-age - 1.5 * rng.normal()).exp());
        let truth = if is_yes { "yes" } else { "no" };
        writeln!(csv, "{age},2,own,{score},{truth}").unwrap();
    }
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.simple-models")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.title.contains("logistic regression"))
    );
}

#[test]
fn degradation_is_the_share_that_scikit_learns_figures_lose() {
    let (run, fixture) = binary();
    let outcome = run.check("evaluation.degradation").unwrap();
    let (train, test) = (
        fixture["train_auc"].as_f64().unwrap(),
        fixture["figures"]["roc_auc"].as_f64().unwrap(),
    );
    let found = metric(&outcome, "roc_auc_degradation");
    assert!((found.value.unwrap() - (train - test) / train).abs() < 1e-12);
    assert_ne!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
}

#[test]
fn a_model_that_knows_its_training_rows_by_heart_degrades() {
    let table = |is_known: bool| {
        let mut rng = Rng::new(u64::from(is_known));
        let mut csv = "age,income,housing,score,y\n".to_owned();
        for _ in 0..500 {
            let is_yes = rng.uniform() < 0.4;
            let noise = if is_known { 0.1 } else { 3.0 };
            let margin = if is_yes { 1.0 } else { -1.0 } + noise * rng.normal();
            let score = 1.0 / (1.0 + (-margin).exp());
            let truth = if is_yes { "yes" } else { "no" };
            writeln!(csv, "1,2,own,{score},{truth}").unwrap();
        }
        csv
    };
    let outcome = with_binary(&table(true), &table(false))
        .check("evaluation.degradation")
        .unwrap();
    assert!(
        matches!(outcome.verdict, Verdict::Warn | Verdict::Fail),
        "{}",
        outcome.summary
    );
    assert!(codes(&outcome).iter().all(|code| *code == "DQ121"));
    let swapped = with_binary(&table(false), &table(true));
    let outcome = swapped.check("evaluation.degradation").unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

/// Rows whose model is right nine times of ten, but half the time where `age <= 30` and rent.
fn weak(n: usize, is_planted: bool) -> (String, Vec<u64>) {
    let mut rng = Rng::new(6);
    let mut csv = "age,income,housing,score,y\n".to_owned();
    let mut planted = Vec::new();
    for row in 0..n as u64 {
        let (age, income) = (20 + rng.below(50), rng.below(1000));
        let housing = ["own", "rent", "free"][rng.below(3)];
        let is_weak = age <= 30 && housing == "rent";
        if is_weak {
            planted.push(row);
        }
        let is_yes = rng.uniform() < 0.5;
        let is_right = rng.uniform() < if is_weak && is_planted { 0.5 } else { 0.9 };
        let score = if is_yes == is_right { 0.8 } else { 0.2 };
        let truth = if is_yes { "yes" } else { "no" };
        writeln!(csv, "{age},{income},{housing},{score},{truth}").unwrap();
    }
    (csv, planted)
}

#[test]
fn the_planted_weak_segment_is_found_by_its_rule() {
    let (csv, planted) = weak(4000, true);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.weak-segments")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    let finding = &outcome.findings[0];
    assert!(
        finding.title.contains("housing = rent"),
        "{}",
        finding.title
    );
    assert!(finding.title.contains("age <= "), "{}", finding.title);
    let found = finding.place.rows.clone().unwrap().rows;
    let n_shared = found.iter().filter(|row| planted.contains(row)).count();
    assert!(
        n_shared * 10 > found.len() * 8,
        "{n_shared} of {}",
        found.len()
    );
    let (csv, _) = weak(4000, false);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.weak-segments")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

#[test]
fn calibration_is_that_of_scikit_learn_and_scipy() {
    let (run, fixture) = binary();
    let outcome = run.check("evaluation.calibration").unwrap();
    for (id, value) in fixture["calibration"].as_object().unwrap() {
        near(metric(&outcome, id).value.unwrap(), value, 1e-8, id);
    }
    for (id, ends) in fixture["calibration_intervals"].as_object().unwrap() {
        let interval = metric(&outcome, id).interval.clone().unwrap();
        // SciPy's search stops within 1e-8 of the minimum.
        near(interval.low, &ends[0], 1e-7, id);
        near(interval.high, &ends[1], 1e-7, id);
    }
}

#[test]
fn probabilities_that_are_too_sure_are_found_and_right_ones_are_not() {
    for (factor, verdict, expected) in [
        (1.0, Verdict::Pass, vec![]),
        (4.0, Verdict::Warn, vec!["DQ124", "DQ125"]),
        (0.3, Verdict::Warn, vec!["DQ124", "DQ125"]),
    ] {
        let mut rng = Rng::new(12);
        let mut csv = "age,income,housing,score,y\n".to_owned();
        for _ in 0..3000 {
            let margin = rng.normal();
            let is_yes = rng.uniform() < 1.0 / (1.0 + (-margin).exp());
            let score = 1.0 / (1.0 + (-factor * margin).exp());
            let truth = if is_yes { "yes" } else { "no" };
            writeln!(csv, "1,2,own,{score},{truth}").unwrap();
        }
        let outcome = with_binary(&csv, &csv)
            .check("evaluation.calibration")
            .unwrap();
        assert_eq!(codes(&outcome), expected, "{factor}: {}", outcome.summary);
        // Four times too sure is off by more than the limit that fails.
        let is_grave = factor > 2.0 && outcome.verdict == Verdict::Fail;
        assert!(
            is_grave || outcome.verdict == verdict,
            "{factor}: {}",
            outcome.summary
        );
    }
}

/// Every check of the plugin.
const CHECKS: &[&str] = &[
    "performance",
    "degradation",
    "simple-models",
    "weak-segments",
    "calibration",
];

#[test]
fn without_model_target_or_table_every_check_is_skipped() {
    let (csv, _) = weak(10, false);
    let table = || TestTable::from_csv(&csv);
    let with_tables = |task| {
        project(task)
            .table(Role::Train, table())
            .table(Role::Test, table())
    };
    let face = || facts(&["score"], &["no", "yes"], 1);
    for id in CHECKS {
        let id = format!("evaluation.{id}");
        let no_model = with_tables(Task::Binary);
        let no_table = project(Task::Binary).model(given(&["score"]), face());
        for run in [no_model, no_table] {
            let error = run.check(&id).unwrap_err();
            assert_eq!(error.kind, CheckErrorKind::MissingInput, "{id}: {error}");
        }
    }
}

#[test]
fn tables_of_hardly_anything_never_pass_and_never_panic() {
    let header = "age,income,housing,score,y\n";
    let tables = [
        header.to_owned(),
        format!("{header}1,2,own,0.7,yes\n"),
        format!("{header}1,2,own,0.7,yes\n,,,0.2,no\n"),
        format!("{header}{}", "1,2,own,0.7,yes\n".repeat(15)),
        format!("{header}{}", ",,,0.5,no\n1e300,-0.0,ö,1,yes\n".repeat(6)),
        format!("{header}{}", "9007199254740993,1,ünï,0,no\n".repeat(12)),
    ];
    for csv in &tables {
        for id in CHECKS {
            let outcome = with_binary(csv, csv).check(&format!("evaluation.{id}"));
            // A table whose target has one value only has no class the model knows, or no figure.
            let Ok(outcome) = outcome else { continue };
            assert_ne!(
                outcome.verdict,
                Verdict::Pass,
                "{id}: {csv}: {}",
                outcome.summary
            );
        }
    }
}

#[test]
fn equal_seeds_give_equal_outcomes() {
    let (csv, _) = weak(800, true);
    for id in CHECKS {
        let id = format!("evaluation.{id}");
        let once = with_binary(&csv, &csv).seed(5).check(&id).unwrap();
        let twice = with_binary(&csv, &csv).seed(5).check(&id).unwrap();
        assert_eq!(once, twice, "{id}");
    }
}
