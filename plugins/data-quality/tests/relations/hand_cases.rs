//! Hand cases of every check of this area: bare tables, strange values, seeds, settings.
//!
//! In: the list of checks. Out: no panic, no pass where nothing was looked at.

use interlock_plugin_api::test_kit::{TestColumn, TestTable};
use interlock_plugin_api::{CheckErrorKind, Severity, Task, Verdict};

use crate::{CHECKS, alternating, checked, expected, on_fixture, run};

fn bare_tables() -> Vec<(&'static str, TestTable)> {
    let table = TestTable::default;
    let floats =
        |values: &[f64]| TestColumn::floats("x", values.iter().map(|value| Some(*value)).collect());
    let class = |n: usize| TestColumn::categories("y", vec![Some("a"); n]);
    vec![
        ("empty", table().with(floats(&[])).with(class(0))),
        ("one row", table().with(floats(&[1.0])).with(class(1))),
        ("target alone", table().with(alternating(300))),
        (
            "all missing",
            table()
                .with(TestColumn::floats("x", vec![None; 300]))
                .with(TestColumn::categories("town", vec![None; 300]))
                .with(TestColumn::categories("y", vec![None; 300])),
        ),
        (
            "not a number",
            table()
                .with(floats(&[f64::NAN; 300]))
                .with(alternating(300)),
        ),
    ]
}

#[test]
fn nothing_is_passed_where_nothing_was_looked_at() {
    for (name, table) in bare_tables() {
        for check in CHECKS {
            // Any two rows can be compared, whatever they hold.
            if *check == "near-duplicates" && !["empty", "one row"].contains(&name) {
                continue;
            }
            // One column is enough to look at the classes.
            let is_target_enough = *check == "class-imbalance";
            if is_target_enough && !["empty", "one row", "all missing"].contains(&name) {
                continue;
            }
            let run = run(table.clone()).facts(|facts| facts.id = None);
            // Without an identifier there is nothing to ask: it is skipped, not passed.
            if *check == "identifier-target" {
                let error = run.check("data-quality.identifier-target").unwrap_err();
                assert_eq!(error.kind, CheckErrorKind::MissingInput);
                continue;
            }
            let outcome = checked(&run, check);
            let is_one_value = *check == "infinite-values" || *check == "zeros";
            if name == "one row" && (is_one_value || is_target_enough) {
                continue;
            }
            assert_eq!(
                outcome.verdict,
                Verdict::Inconclusive,
                "{check} of {name}: {}",
                outcome.summary
            );
            assert!(!outcome.summary.is_empty());
        }
    }
}

#[test]
fn strange_values_stop_no_check() {
    let n: usize = 300;
    let strange = [
        f64::MAX,
        f64::MIN,
        -0.0,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NAN,
        1e300,
        5e-324,
    ];
    let floats = (0..n).map(|row| Some(strange[row % strange.len()] / (1 + row % 3) as f64));
    let integers = (0..n).map(|row| {
        Some(if row % 2 == 0 {
            i64::MIN
        } else {
            i64::MAX - i64::try_from(row).unwrap()
        })
    });
    let texts = ["ä", "a\u{308}", "😀", "", "日本", "\u{202e}x"];
    let words = (0..n).map(|row| Some(texts[row % texts.len()]));
    let flags = (0..n).map(|row| (row % 5 > 0).then_some(row % 2 == 0));
    let days = (0..n).map(|row| Some(i32::try_from(row).unwrap() * 7_000_000));
    let table = TestTable::default()
        .with(TestColumn::floats("x", floats.collect()))
        .with(TestColumn::floats("same", vec![Some(0.1); n]))
        .with(TestColumn::integers("huge", integers.collect()))
        .with(TestColumn::text("words", words.collect()))
        .with(TestColumn::booleans("flag", flags.collect()))
        .with(TestColumn::dates("day", days.collect()))
        .with(alternating(n));
    for check in CHECKS {
        for task in [Task::Binary, Task::Multiclass, Task::Regression] {
            for target in ["y", "huge", "x", "flag", "same"] {
                let run = run(table.clone()).facts(|facts| {
                    facts.task = task;
                    facts.target = Some(target.to_owned());
                    facts.time = Some("day".to_owned());
                });
                match run.check(&format!("data-quality.{check}")) {
                    Ok(outcome) => assert!(!outcome.summary.is_empty(), "{check} {target}"),
                    // Numbers have no labels.
                    Err(error) if task == Task::Regression && *check == "label-errors" => {
                        assert_eq!(error.kind, CheckErrorKind::MissingInput);
                    }
                    // Text or too many classes as the target.
                    Err(error) => assert_eq!(
                        error.kind,
                        CheckErrorKind::UnsuitableInput,
                        "{check} {target} {task:?}: {error}"
                    ),
                }
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_findings_are_complete() {
    for check in CHECKS.iter().filter(|check| **check != "identifier-target") {
        let (first, _) = on_fixture(check);
        let (second, _) = on_fixture(check);
        assert_eq!(first, second, "{check}");
        for finding in &first.findings {
            let text = [&finding.title, &finding.explanation, &finding.advice];
            assert!(text.iter().all(|text| !text.is_empty()), "{check}");
            let shown = finding.evidence.as_ref();
            assert!(
                first.views.iter().any(|view| Some(&view.id) == shown),
                "{check}"
            );
            assert!(finding.severity > Severity::Note || first.verdict != Verdict::Fail);
        }
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    for (check, name, value) in [
        ("numeric-outliers", "alpha", 0.9),
        ("numeric-outliers", "fence", -1.0),
        ("zeros", "note_above", 1.5),
        ("skew", "warn_above", -1.0),
        ("class-imbalance", "warn_below", 2.0),
        ("correlations", "warn_from", -0.1),
        ("target-correlation", "warn_from_auc", 0.4),
        ("identifier-target", "alpha", 0.0),
        ("label-errors", "sure_from", 0.2),
    ] {
        let expected = expected();
        let table = TestTable::from_csv(expected["table"].as_str().unwrap());
        let error = run(table)
            .param(name, value)
            .check(&format!("data-quality.{check}"));
        assert_eq!(
            error.unwrap_err().kind,
            CheckErrorKind::BadParameter,
            "{check} {name}"
        );
    }
}
