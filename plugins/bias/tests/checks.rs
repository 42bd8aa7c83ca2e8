//! Both checks through the real border, against Fairlearn and against what must be said.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{
    Chart, CheckErrorKind, FeatureValues, Features, Metric, ModelFacts, Outcome, Predictions, Role,
    Task, Verdict,
};
use serde_json::Value;

/// The model: the column 'score' is its probability.
fn score(features: &Features) -> Predictions {
    let FeatureValues::Numeric(values) = &features.columns[0].values else {
        panic!("the score is a number")
    };
    Predictions {
        n_rows: features.n_rows,
        n_outputs: 1,
        values: values.clone(),
    }
}

fn run(csv: &str, role: Role, sensitive: &[&str]) -> Run {
    let sensitive: Vec<String> = sensitive.iter().map(ToString::to_string).collect();
    Run::new(interlock_bias::module())
        .table(role, TestTable::from_csv(csv))
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.positive = Some("1".to_owned());
            for column in &mut facts.columns {
                column.is_sensitive = sensitive.contains(&column.name);
            }
        })
        .model(
            score,
            ModelFacts {
                features: vec!["score".to_owned()],
                n_outputs: 1,
                classes: vec!["0".to_owned(), "1".to_owned()],
                threshold: 0.5,
                ..ModelFacts::default()
            },
        )
}

/// Rows `(group, score, target)`, each as often as said.
fn csv(parts: &[(&str, f64, u8, usize)]) -> String {
    let mut text = "group,score,y\n".to_owned();
    for (group, score, y, n) in parts {
        text.push_str(&format!("{group},{score},{y}\n").repeat(*n));
    }
    text
}

#[track_caller]
fn metric<'o>(outcome: &'o Outcome, id: &str, group: Option<&str>) -> &'o Metric {
    outcome
        .metrics
        .iter()
        .find(|metric| metric.id == id && metric.group.as_deref() == group)
        .unwrap_or_else(|| panic!("no metric {id} of {group:?}"))
}

#[track_caller]
fn close(actual: Option<f64>, expected: &Value) {
    let (actual, expected) = (actual.unwrap(), expected.as_f64().unwrap());
    assert!(
        (actual - expected).abs() <= 1e-9,
        "expected {expected}, got {actual}"
    );
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn figures_are_those_of_fairlearn() {
    let expected: Value = serde_json::from_str(include_str!("expected.json")).unwrap();
    let run = run(expected["csv"].as_str().unwrap(), Role::Test, &["group"]);
    let parity = run.check("bias.demographic-parity").unwrap();
    let odds = run.check("bias.equalized-odds").unwrap();
    let value = |outcome: &Outcome, id: &str| metric(outcome, id, None).value;
    close(
        value(&parity, "demographic_parity_difference"),
        &expected["difference"],
    );
    close(
        value(&parity, "demographic_parity_ratio"),
        &expected["ratio"],
    );
    close(
        value(&odds, "equalized_odds_difference"),
        &expected["odds_difference"],
    );
    close(
        value(&odds, "equalized_odds_ratio"),
        &expected["odds_ratio"],
    );
    for name in ["a", "b", "c"] {
        let group = format!("group={name}");
        let rates = &expected["rates"][name];
        let selection = metric(&parity, "selection_rate", Some(&group));
        close(selection.value, &rates["selection"]);
        let interval = selection.interval.as_ref().unwrap();
        close(Some(interval.low), &expected["wilson"][name][0]);
        close(Some(interval.high), &expected["wilson"][name][1]);
        close(
            metric(&odds, "true_positive_rate", Some(&group)).value,
            &rates["true_positive"],
        );
        close(
            metric(&odds, "false_positive_rate", Some(&group)).value,
            &rates["false_positive"],
        );
    }
    assert_eq!(parity.verdict, Verdict::Warn, "{}", parity.summary);
    assert_eq!(codes(&parity), ["BI001"]);
}

#[test]
fn a_disparity_beyond_chance_fails_and_names_the_groups() {
    let table = csv(&[
        ("f", 0.9, 1, 60),
        ("f", 0.1, 1, 140),
        ("m", 0.9, 1, 150),
        ("m", 0.1, 1, 50),
    ]);
    let outcome = run(&table, Role::Test, &["group"])
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(
        outcome.summary,
        "'group': 30.0 % of f selected, 75.0 % of m"
    );
    assert_eq!(outcome.metrics[0].id, "demographic_parity_ratio");
    assert!((outcome.metrics[0].value.unwrap() - 0.4).abs() < 1e-12);
    assert_eq!(outcome.findings[0].place.groups, ["group=f", "group=m"]);
    assert_eq!(outcome.findings[0].place.rows.as_ref().unwrap().total, 200);
    let Chart::Bars { bars, .. } = &outcome.views[0].chart else {
        panic!("bars come first")
    };
    assert!(
        bars.iter()
            .all(|bar| bar.rows.is_some() && bar.interval.is_some())
    );
    assert_eq!(
        Some(outcome.views[0].id.clone()),
        outcome.findings[0].evidence
    );
}

#[test]
fn unequal_errors_fail_and_open_the_rows_in_error() {
    // Of 100 truly positive rows of each group 40 and 90 are found; no row is wrongly selected.
    let table = csv(&[
        ("f", 0.9, 1, 40),
        ("f", 0.1, 1, 60),
        ("f", 0.1, 0, 80),
        ("m", 0.9, 1, 90),
        ("m", 0.1, 1, 10),
        ("m", 0.1, 0, 80),
    ]);
    let outcome = run(&table, Role::Test, &["group"])
        .check("bias.equalized-odds")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(codes(&outcome), ["BI011"]);
    let rows = outcome.findings[0].place.rows.as_ref().unwrap();
    assert_eq!((rows.total, rows.rows[0], rows.rows[59]), (60, 40, 99));
    // Nobody is wrongly selected: that rate is equal, and has no ratio.
    assert_eq!(
        metric(&outcome, "false_positive_rate_difference", None).value,
        Some(0.0)
    );
}

#[test]
fn small_groups_are_shown_and_do_not_decide() {
    let table = csv(&[
        ("a", 0.9, 1, 500),
        ("a", 0.1, 0, 500),
        ("b", 0.9, 1, 500),
        ("b", 0.1, 0, 500),
        ("rare", 0.1, 0, 29),
    ]);
    let outcome = run(&table, Role::Test, &["group"])
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert_eq!(codes(&outcome), ["BI002"]);
    assert_eq!(metric(&outcome, "selection_rate", Some("group=rare")).n, 29);
    let odds = run(&table, Role::Test, &["group"])
        .check("bias.equalized-odds")
        .unwrap();
    // 'rare' has no truly positive row at all, and enough negative ones.
    assert_eq!(odds.verdict, Verdict::Pass, "{}", odds.summary);
    assert_eq!(codes(&odds), ["BI013"]);
    assert!(
        odds.findings[0]
            .explanation
            .starts_with("1 of them have none")
    );
}

#[test]
fn too_few_rows_decide_nothing_and_say_what_would() {
    let table = csv(&[
        ("f", 0.9, 1, 17),
        ("f", 0.1, 0, 18),
        ("m", 0.9, 1, 18),
        ("m", 0.1, 0, 17),
    ]);
    let outcome = run(&table, Role::Test, &["group"])
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert!(
        outcome.summary.contains("rows a group would"),
        "{}",
        outcome.summary
    );
}

#[test]
fn missing_values_are_a_group() {
    let table = csv(&[("", 0.1, 0, 100), ("m", 0.9, 1, 100)]);
    let outcome = run(&table, Role::Test, &["group"])
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(
        metric(&outcome, "selection_rate", Some("group=(missing)")).value,
        Some(0.0)
    );
}

#[test]
fn nothing_to_compare_is_inconclusive() {
    let parity = |table: &str| {
        let run = run(table, Role::Test, &["group"]);
        run.check("bias.demographic-parity").unwrap()
    };
    let empty = parity("group,score,y\n");
    assert_eq!(
        (empty.verdict, &*empty.summary),
        (Verdict::Inconclusive, "the test table has no rows")
    );
    let one = parity(&csv(&[("f", 0.9, 1, 50), ("f", 0.1, 0, 50)]));
    assert_eq!(
        (one.verdict, &*one.summary),
        (Verdict::Inconclusive, "'group' has one group only")
    );
    let all_missing = parity(&csv(&[("", 0.9, 1, 50), ("", 0.1, 0, 50)]));
    assert_eq!(all_missing.verdict, Verdict::Inconclusive);
}

#[test]
fn a_constant_model_is_not_called_fair() {
    let table = csv(&[
        ("f", 0.1, 1, 500),
        ("f", 0.2, 0, 500),
        ("m", 0.3, 0, 500),
        ("m", 0.3, 1, 500),
    ]);
    for (check, code) in [
        ("bias.demographic-parity", "BI003"),
        ("bias.equalized-odds", "BI014"),
    ] {
        let outcome = run(&table, Role::Test, &["group"]).check(check).unwrap();
        assert_eq!(outcome.verdict, Verdict::Warn);
        assert_eq!(codes(&outcome), [code]);
        assert!(outcome.summary.contains("trivially"));
    }
}

#[test]
fn ages_are_binned_by_quartiles_of_train_or_by_the_edges_set() {
    let mut table = "age,score,y\n".to_owned();
    for age in 0..200 {
        let score = if age < 100 { 0.1 } else { 0.9 };
        writeln!(table, "{age},{score},1").unwrap();
    }
    let by_quartile = run(&table, Role::Train, &["age"])
        .check("bias.demographic-parity")
        .unwrap();
    let rate =
        |outcome: &Outcome, group: &str| metric(outcome, "selection_rate", Some(group)).value;
    assert_eq!(rate(&by_quartile, "age=up to 49"), Some(0.0));
    assert_eq!(rate(&by_quartile, "age=over 149"), Some(1.0));
    let notes = by_quartile.notes.join("\n");
    assert!(
        notes.contains("quartiles of the train table") && notes.contains("no test table"),
        "{notes}"
    );
    let by_edges = run(&table, Role::Train, &["age"])
        .param("edges", ["age = 149"])
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(rate(&by_edges, "age=up to 149"), Some(50.0 / 150.0));
    let wrong = run(&table, Role::Train, &["age"])
        .param("edges", ["age: 149"])
        .check("bias.demographic-parity")
        .unwrap_err();
    assert_eq!(wrong.kind, CheckErrorKind::BadParameter);
}

#[test]
fn a_regression_is_cut_where_asked_or_at_the_median() {
    let table = csv(&[
        ("f", 1.0, 1, 60),
        ("f", 3.0, 4, 40),
        ("m", 3.0, 4, 60),
        ("m", 5.0, 1, 40),
    ]);
    let run = || run(&table, Role::Test, &["group"]).facts(|facts| facts.task = Task::Regression);
    let rate = |outcome: &Outcome, group| metric(outcome, "selection_rate", Some(group)).value;
    let median = run().check("bias.demographic-parity").unwrap();
    assert_eq!(
        (rate(&median, "group=f"), rate(&median, "group=m")),
        (Some(0.0), Some(0.4))
    );
    let cut = run()
        .param("selected_above", 2.0)
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(
        (rate(&cut, "group=f"), rate(&cut, "group=m")),
        (Some(0.4), Some(1.0))
    );
    let odds = run()
        .param("selected_above", 2.0)
        .check("bias.equalized-odds")
        .unwrap();
    // Of the rows truly above 2, all are predicted above; of those below, none of f and all of m.
    assert_eq!(
        metric(&odds, "equalized_odds_difference", None).value,
        Some(1.0)
    );
}

#[test]
fn several_classes_need_one_to_be_named() {
    let table = csv(&[("f", 0.9, 1, 60), ("m", 0.1, 0, 60)]);
    let three = |features: &Features| {
        let values = score(features).values;
        Predictions {
            n_rows: features.n_rows,
            n_outputs: 3,
            values: values
                .iter()
                .flat_map(|&p| [1.0 - p, p / 2.0, p / 2.0 + 0.01])
                .collect(),
        }
    };
    let run = || {
        run(&table, Role::Test, &["group"])
            .facts(|facts| {
                facts.task = Task::Multiclass;
                facts.positive = None;
            })
            .model(
                three,
                ModelFacts {
                    features: vec!["score".to_owned()],
                    n_outputs: 3,
                    classes: ["x", "y", "z"].map(str::to_owned).to_vec(),
                    ..ModelFacts::default()
                },
            )
    };
    let error = run().check("bias.demographic-parity").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::UnsuitableInput);
    let named = run()
        .param("selected_class", "z")
        .check("bias.demographic-parity")
        .unwrap();
    assert_eq!(
        metric(&named, "selection_rate", Some("group=f")).value,
        Some(1.0)
    );
    let unknown = run()
        .param("selected_class", "q")
        .check("bias.demographic-parity")
        .unwrap_err();
    assert_eq!(unknown.kind, CheckErrorKind::BadParameter);
}

#[test]
fn a_sample_is_said_and_the_same_for_the_same_seed() {
    let table = csv(&[
        ("f", 0.9, 1, 300),
        ("f", 0.1, 0, 200),
        ("m", 0.9, 1, 200),
        ("m", 0.1, 0, 300),
    ]);
    let sampled = |seed| {
        run(&table, Role::Test, &["group"])
            .param("max_rows", 400)
            .seed(seed)
            .check("bias.demographic-parity")
            .unwrap()
    };
    let outcome = sampled(1);
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.contains("sample of 400 of 1000"))
    );
    assert_eq!(outcome, sampled(1));
    assert_ne!(outcome.metrics, sampled(2).metrics);
}

#[test]
fn what_is_absent_is_named() {
    let table = csv(&[("f", 0.9, 1, 5)]);
    let error = run(&table, Role::Test, &[])
        .check("bias.demographic-parity")
        .unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
    let no_target = run(&table, Role::Test, &["group"])
        .facts(|facts| facts.target = None)
        .check("bias.equalized-odds")
        .unwrap_err();
    assert_eq!(no_target.kind, CheckErrorKind::MissingInput);
}

#[test]
fn partial_outcomes_come_after_each_column() {
    let table = csv(&[("f", 0.9, 1, 50), ("m", 0.1, 0, 50)]);
    let run = run(&table, Role::Test, &["group", "y"]);
    run.check("bias.demographic-parity").unwrap();
    assert_eq!(run.partials().len(), 1);
    assert!(
        run.partials()[0]
            .notes
            .iter()
            .any(|note| note == "So far 1 of 2 columns.")
    );
}
