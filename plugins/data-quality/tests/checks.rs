//! The three checks through the real border, against pandas and against what must be said.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{CheckErrorKind, Metric, Outcome, Role, Task, Verdict};
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

fn run(train: &str) -> Run {
    Run::new(interlock_data_quality::module())
        .table(Role::Train, TestTable::from_csv(train))
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.task = Task::Binary;
        })
}

fn whole() -> (Run, Value) {
    let expected = expected();
    let run = run(expected["train"].as_str().unwrap()).table(
        Role::Test,
        TestTable::from_csv(expected["test"].as_str().unwrap()),
    );
    (run, expected)
}

fn metric<'o>(outcome: &'o Outcome, id: &str) -> &'o Metric {
    let found = outcome.metrics.iter().find(|metric| metric.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:?}", outcome.metrics))
}

fn close(metric: &Metric, expected: &Value) {
    let (value, expected) = (metric.value.unwrap(), expected.as_f64().unwrap());
    assert!(
        (value - expected).abs() < 1e-12,
        "{}: {value} is not {expected}",
        metric.id
    );
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

fn rows_of(outcome: &Outcome, code: &str) -> Vec<u64> {
    let finding = outcome.findings.iter().find(|finding| finding.code == code);
    finding.unwrap().place.rows.clone().unwrap().rows
}

fn numbers(value: &Value) -> Vec<u64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_u64().unwrap())
        .collect()
}

#[test]
fn duplicates_leaks_and_conflicts_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = run.check("data-quality.duplicates").unwrap();
    close(
        metric(&outcome, "duplicate_share_train"),
        &expected["duplicated_train"],
    );
    close(
        metric(&outcome, "duplicate_share_test"),
        &expected["duplicated_test"],
    );
    close(metric(&outcome, "leaked_share_test"), &expected["leaked"]);
    close(metric(&outcome, "conflict_share"), &expected["conflicts"]);
    assert_eq!(
        rows_of(&outcome, "DQ007"),
        numbers(&expected["duplicated_rows_train"])
    );
    let conflict = outcome
        .findings
        .iter()
        .find(|finding| finding.code == "DQ009")
        .unwrap();
    let unavoidable = format!("at least {} rows", expected["unavoidable"]);
    assert!(
        conflict.explanation.contains(&unavoidable),
        "{}",
        conflict.explanation
    );
}

#[test]
fn missing_shares_are_those_of_pandas_with_wilsons_interval() {
    let (run, expected) = whole();
    let outcome = run.check("data-quality.missing-values").unwrap();
    let found = outcome
        .metrics
        .iter()
        .find(|metric| metric.column.as_deref() == Some("size") || metric.id == "missing_rate")
        .unwrap();
    close(found, &expected["missing"]);
    let interval = found.interval.as_ref().unwrap();
    let bounds = [interval.low, interval.high];
    for (bound, expected) in bounds
        .iter()
        .zip(expected["missing_interval"].as_array().unwrap())
    {
        assert!(
            (bound - expected.as_f64().unwrap()).abs() < 1e-9,
            "{bound} {expected}"
        );
    }
    assert!(codes(&outcome).contains(&"DQ001"));
    assert_eq!(outcome.verdict, Verdict::Warn);
}

#[test]
fn constant_and_almost_constant_columns_are_found() {
    let (run, expected) = whole();
    let outcome = run.check("data-quality.constant-columns").unwrap();
    let columns: Vec<&str> = outcome
        .findings
        .iter()
        .filter(|finding| finding.code == "DQ010")
        .flat_map(|finding| finding.place.columns.iter().map(String::as_str))
        .collect();
    assert_eq!(columns, ["fixed"]);
    assert_eq!(rows_of(&outcome, "DQ011"), numbers(&expected["rare_rows"]));
    assert_eq!(outcome.verdict, Verdict::Warn);
}

#[test]
fn forty_copies_of_a_row_fail() {
    let mut csv = "a,y\n".to_owned();
    for row in 0..353 {
        let _written = writeln!(csv, "{row}.5,{}", row % 2);
    }
    let clean = run(&csv).check("data-quality.duplicates").unwrap();
    assert_eq!(clean.verdict, Verdict::Pass, "{}", clean.summary);
    csv.push_str(&"0.5,0\n".repeat(40));
    let outcome = run(&csv).check("data-quality.duplicates").unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ007").len(), 41);
}

#[test]
fn a_column_filled_in_from_the_outcome_fails() {
    let mut csv = "paid_back,other,y\n".to_owned();
    for row in 0..60 {
        let y = row % 2;
        let _written = writeln!(csv, "{},{},{y}", if y == 1 { "yes" } else { "no" }, row % 5);
    }
    let outcome = run(&csv).check("data-quality.constant-columns").unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(codes(&outcome), ["DQ014"]);
    assert_eq!(outcome.findings[0].place.columns, ["paid_back"]);
}

#[test]
fn columns_that_tell_each_other_are_named_together() {
    let mut csv = "code,name,y\n".to_owned();
    for row in 0..60 {
        let code = row % 3;
        let _written = writeln!(csv, "{code},{},{}", ["a", "b", "c"][code], (row / 3) % 2);
    }
    let outcome = run(&csv).check("data-quality.constant-columns").unwrap();
    assert_eq!(codes(&outcome), ["DQ012"]);
    assert_eq!(outcome.findings[0].place.columns, ["code", "name"]);
}

#[test]
fn the_id_is_not_compared() {
    let mut csv = "id,a,y\n".to_owned();
    for row in 0..40 {
        let _written = writeln!(csv, "{row},{},{}", row / 2, row / 2 % 2);
    }
    let with_id = run(&csv).facts(|facts| facts.id = Some("id".to_owned()));
    let outcome = with_id.check("data-quality.duplicates").unwrap();
    assert_eq!(metric(&outcome, "duplicate_share_train").value, Some(0.5));
    let outcome = run(&csv).check("data-quality.duplicates").unwrap();
    assert_eq!(metric(&outcome, "duplicate_share_train").value, Some(0.0));
}

#[test]
fn odd_tables_are_no_panic_and_no_pass() {
    for csv in ["a,y\n", "a,y\n,\n", "a,y\n1,0\n", "y\n1\n1\n"] {
        for id in ["missing-values", "duplicates", "constant-columns"] {
            let outcome = run(csv).check(&format!("data-quality.{id}")).unwrap();
            let may_pass = id == "duplicates" && csv.len() > 5;
            assert!(
                may_pass || outcome.verdict != Verdict::Pass,
                "{id} on {csv:?}: {outcome:?}"
            );
        }
    }
}

#[test]
fn a_share_beyond_its_range_is_refused() {
    let run = run("a,y\n1,0\n").param("warn_above", 1.5);
    for id in ["missing-values", "duplicates"] {
        let error = run.check(&format!("data-quality.{id}")).unwrap_err();
        assert_eq!(error.kind, CheckErrorKind::BadParameter);
    }
}

/// Text kept as a dictionary is the same text: missing values, values seen late, across tables.
#[test]
fn a_dictionary_of_texts_is_read_as_the_texts() {
    let towns = |n: usize, shift: usize| -> Vec<Option<&'static str>> {
        let names = [Some("Ulm"), None, Some("Jena"), Some(""), Some("Kiel")];
        (0..n).map(|row| names[(row * row + shift) % 5]).collect()
    };
    let outcomes = |make: fn(&str, Vec<Option<&str>>) -> TestColumn, check: &str| {
        let table = |n: usize, shift: usize| {
            TestTable::default()
                .with(make("town", towns(n, shift)))
                .with(make("other", towns(n, shift + 2)))
                .with(make("y", towns(n, 0)))
        };
        Run::new(interlock_data_quality::module())
            .table(Role::Train, table(90, 0))
            .table(Role::Test, table(40, 3))
            .facts(|facts| facts.target = Some("y".to_owned()))
            .check(&format!("data-quality.{check}"))
            .unwrap()
    };
    for check in ["duplicates", "constant-columns", "new-categories"] {
        let texts = outcomes(TestColumn::text, check);
        let dictionary = outcomes(TestColumn::categories, check);
        assert_eq!(texts, dictionary, "{check}");
        assert!(!texts.findings.is_empty() || check == "new-categories");
    }
}
