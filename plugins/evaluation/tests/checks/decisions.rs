//! Confusion and threshold against scikit-learn and SciPy, and by hand.

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::TestTable;
use interlock_plugin_api::{Chart, CheckErrorKind, Metric, Outcome, Role, Task, Verdict};
use interlock_stats::rng::Rng;
use serde_json::Value;

use crate::kit::{
    binary, close, codes, decisions, facts, given, metric, multiclass, near, project,
};
use crate::kit::{regression, with_binary};

#[track_caller]
fn of_class<'o>(outcome: &'o Outcome, id: &str, class: &str) -> &'o Metric {
    let group = format!("class={class}");
    let found = outcome
        .metrics
        .iter()
        .find(|metric| metric.id == id && metric.group.as_deref() == Some(&group));
    found.unwrap()
}

#[track_caller]
fn with_ends(metric: &Metric, expected: &Value, level: &Value) {
    close(metric, &expected[0]);
    let interval = metric.interval.clone().unwrap();
    near(interval.low, &expected[1], 1e-9, &metric.id);
    near(interval.high, &expected[2], 1e-9, &metric.id);
    near(interval.level, level, 1e-12, "level");
}

#[test]
fn rates_of_each_class_are_those_of_scikit_learn_and_scipy() {
    for (run, name) in [(binary().0, "binary"), (multiclass().0, "multiclass")] {
        let expected = &decisions()[name];
        let outcome = run.check("evaluation.confusion").unwrap();
        for (class, rates) in expected["classes"].as_object().unwrap() {
            for id in ["recall", "precision", "f1"] {
                with_ends(
                    of_class(&outcome, id, class),
                    &rates[id],
                    &expected["level"],
                );
            }
            close(
                of_class(&outcome, "decided_to_true", class),
                &rates["decided_to_true"],
            );
        }
        let counts: Vec<f64> = expected["counts"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()))
            .collect();
        let view = outcome.views.iter().find(|view| view.id == "confusion");
        let Chart::Heatmap { values, rows, .. } = &view.unwrap().chart else {
            unreachable!("a confusion is a heatmap");
        };
        let shown: Vec<f64> = values.iter().map(|value| value.unwrap()).collect();
        assert_eq!(shown, counts);
        let behind: Vec<f64> = rows.iter().map(|rows| rows.total as f64).collect();
        assert_eq!(behind, counts);
    }
}

/// Rows of three classes; `taken` is the share of 'mid' decided as 'lo'.
fn three(n: usize, taken: f64) -> String {
    let mut rng = Rng::new(2);
    let mut csv = "p0,p1,p2,y\n".to_owned();
    for row in 0..n {
        let truth = row % 3;
        let decided = match truth {
            2 if rng.uniform() < taken => 1,
            own if rng.uniform() < 0.1 => (own + 1) % 3,
            own => own,
        };
        let p = |class: usize| if class == decided { 0.8 } else { 0.1 };
        let name = ["hi", "lo", "mid"][truth];
        writeln!(csv, "{},{},{},{name}", p(0), p(1), p(2)).unwrap();
    }
    csv
}

fn run_three(csv: &str) -> Outcome {
    project(Task::Multiclass)
        .table(Role::Test, TestTable::from_csv(csv))
        .model(
            given(&["p0", "p1", "p2"]),
            facts(&["p0", "p1", "p2"], &["hi", "lo", "mid"], 3),
        )
        .check("evaluation.confusion")
        .unwrap()
}

#[test]
fn a_class_mostly_taken_for_another_is_named_with_its_rows() {
    let outcome = run_three(&three(900, 0.8));
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    let missed = &outcome.findings[0];
    assert_eq!(missed.code, "DQ126");
    assert!(
        missed.title.starts_with("'mid' is mostly missed")
            && missed.title.contains("are taken for 'lo'"),
        "{}",
        missed.title
    );
    let rows = missed.place.rows.clone().unwrap();
    assert!(rows.rows.iter().all(|row| row % 3 == 2));
    let recall = of_class(&outcome, "recall", "mid").value.unwrap();
    assert!((rows.total as f64 - 300.0 * (1.0 - recall)).abs() < 1e-9);
    let outcome = run_three(&three(900, 0.0));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    // Half of them, give or take: it cannot be told.
    let outcome = run_three(&three(900, 0.5));
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
}

#[test]
fn a_class_decided_three_times_too_often_is_named() {
    // 100 yes of 1000, 90 of them found; 250 of 900 no called yes.
    let mut csv = "age,income,housing,score,y\n".to_owned();
    for row in 0..1000 {
        let is_yes = row < 100;
        let is_called = if is_yes { row < 90 } else { row < 350 };
        let (score, truth) = (
            if is_called { 0.7 } else { 0.2 },
            if is_yes { "yes" } else { "no" },
        );
        writeln!(csv, "1,2,own,{score},{truth}").unwrap();
    }
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.confusion")
        .unwrap();
    assert_eq!(codes(&outcome), ["DQ127"], "{}", outcome.summary);
    assert!(
        outcome
            .summary
            .contains("34.0 % of rows against 10.0 %, 3.400"),
        "{}",
        outcome.summary
    );
    let rows = outcome.findings[0].place.rows.clone().unwrap();
    assert_eq!((rows.total, rows.rows[0]), (250, 100));
}

#[test]
fn one_class_alone_or_few_rows_of_it_are_never_passed_as_judged() {
    let mut csv = "age,income,housing,score,y\n".to_owned();
    csv.push_str(&"1,2,own,0.2,no\n".repeat(40));
    csv.push_str(&"1,2,own,0.2,yes\n".repeat(20));
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.confusion")
        .unwrap();
    // The 20 rows of 'yes' are said not to be judged.
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.contains("'yes' (20 rows)")),
        "{:?}",
        outcome.notes
    );
    let none = with_binary(&csv, &csv).param("min_class_rows", 50);
    let outcome = none.check("evaluation.confusion").unwrap();
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
    let error = regression().0.check("evaluation.confusion").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
}

#[test]
fn the_best_threshold_is_that_of_scikit_learn_by_every_criterion() {
    let expected = decisions();
    for (criterion, figures) in expected["thresholds"].as_object().unwrap() {
        let run = binary()
            .0
            .param("criterion", criterion)
            .param("cost_false_negative", 5.0);
        let outcome = run.check("evaluation.threshold").unwrap();
        for (id, value) in figures.as_object().unwrap() {
            near(
                metric(&outcome, id).value.unwrap(),
                value,
                1e-9,
                &format!("{criterion} {id}"),
            );
        }
        let gain = metric(&outcome, "gain");
        let interval = gain.interval.clone().unwrap();
        assert!(interval.low <= gain.value.unwrap() && gain.value.unwrap() <= interval.high);
    }
}

/// Calibrated scores of a class with this mean margin, squeezed by `factor`.
fn scored(n: usize, center: f64, shift: f64) -> String {
    let mut rng = Rng::new(9);
    let mut csv = "age,income,housing,score,y\n".to_owned();
    for _ in 0..n {
        let margin = center + 1.5 * rng.normal();
        let is_yes = rng.uniform() < 1.0 / (1.0 + (-margin).exp());
        let score = 1.0 / (1.0 + (-(margin + shift)).exp());
        let truth = if is_yes { "yes" } else { "no" };
        writeln!(csv, "1,2,own,{score},{truth}").unwrap();
    }
    csv
}

#[test]
fn a_shifted_model_is_told_a_better_threshold_and_a_right_one_is_left_alone() {
    let csv = scored(3000, 0.0, 2.0);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.threshold")
        .unwrap();
    assert_eq!(codes(&outcome), ["DQ128"], "{}", outcome.summary);
    let best = metric(&outcome, "best_threshold").value.unwrap();
    // The right one is 1 / (1 + exp(-2)) = 0.88.
    assert!((0.8..0.95).contains(&best), "{best}");
    let csv = scored(3000, 0.0, 0.0);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.threshold")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

#[test]
fn thresholds_of_other_tasks_and_unknown_criteria_are_refused() {
    for run in [multiclass().0, regression().0] {
        let error = run.check("evaluation.threshold").unwrap_err();
        assert_eq!(error.kind, CheckErrorKind::MissingInput);
    }
    for run in [
        binary().0.param("criterion", "best"),
        binary().0.param("cost_false_positive", -1.0),
        binary().0.param("min_gain", 2.0),
    ] {
        let error = run.check("evaluation.threshold").unwrap_err();
        assert_eq!(error.kind, CheckErrorKind::BadParameter);
    }
}

#[test]
fn over_confidence_is_that_of_scipy_in_direction_and_size() {
    let expected = &decisions()["confidence"];
    let outcome = multiclass().0.check("evaluation.calibration").unwrap();
    for (id, name, tolerance) in [
        ("slope", "slope", 1e-6),
        ("confidence_gap", "multiclass_gap", 1e-9),
    ] {
        let found = metric(&outcome, id);
        let interval = found.interval.clone().unwrap();
        let values = [found.value.unwrap(), interval.low, interval.high];
        for (value, expected) in values.into_iter().zip(expected[name].as_array().unwrap()) {
            near(value, expected, tolerance, id);
        }
    }
    let outcome = binary().0.check("evaluation.calibration").unwrap();
    let found = metric(&outcome, "confidence_gap");
    let interval = found.interval.clone().unwrap();
    let values = [found.value.unwrap(), interval.low, interval.high];
    for (value, expected) in values
        .into_iter()
        .zip(expected["binary_gap"].as_array().unwrap())
    {
        near(value, expected, 1e-9, "binary gap");
    }
}

#[test]
fn three_classes_squeezed_or_stretched_are_told_in_which_direction() {
    for (factor, word) in [(3.0, "over-confident"), (0.3, "under-confident")] {
        let mut rng = Rng::new(3);
        let mut csv = "p0,p1,p2,y\n".to_owned();
        for _ in 0..2000 {
            let margins: [f64; 3] = std::array::from_fn(|_| 1.5 * rng.normal());
            let scaled = |power: f64| {
                let parts = margins.map(|margin| (power * margin).exp());
                let total: f64 = parts.iter().sum();
                parts.map(|part| part / total)
            };
            let (right, p) = (scaled(1.0), scaled(factor));
            let draw = rng.uniform();
            let class = usize::from(draw > right[0]) + usize::from(draw > right[0] + right[1]);
            writeln!(
                csv,
                "{},{},{},{}",
                p[0],
                p[1],
                p[2],
                ["hi", "lo", "mid"][class]
            )
            .unwrap();
        }
        let outcome = project(Task::Multiclass)
            .table(Role::Test, TestTable::from_csv(&csv))
            .model(
                given(&["p0", "p1", "p2"]),
                facts(&["p0", "p1", "p2"], &["hi", "lo", "mid"], 3),
            )
            .check("evaluation.calibration")
            .unwrap();
        let told = outcome
            .findings
            .iter()
            .find(|finding| finding.code == "DQ125");
        assert!(
            told.unwrap().title.contains(word),
            "{factor}: {}",
            outcome.summary
        );
    }
}
