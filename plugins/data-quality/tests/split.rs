//! The checks of the split through the real border, against pandas, scipy and planted defects.
//!
//! `split_expected.json` is written by `split_expected.py`, which names the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;

use interlock_data_quality::split::chance;
use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{CheckErrorKind, Metric, Outcome, Role, Severity, Task, Verdict};
use interlock_stats::rng::Rng;
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_str(include_str!("split_expected.json")).unwrap()
}

fn run(train: &str, test: &str) -> Run {
    Run::new(interlock_data_quality::module())
        .table(Role::Train, TestTable::from_csv(train))
        .table(Role::Test, TestTable::from_csv(test))
        .facts(|facts| facts.target = Some("y".to_owned()))
}

fn whole() -> (Run, Value) {
    let expected = expected();
    let text = |name: &str| expected[name].as_str().unwrap().to_owned();
    let run = run(&text("train"), &text("test")).facts(|facts| {
        facts.id = Some("id".to_owned());
        facts.time = Some("day".to_owned());
    });
    (run, expected)
}

fn check(run: &Run, id: &str) -> Outcome {
    run.check(&format!("data-quality.{id}")).unwrap()
}

#[track_caller]
fn metric<'o>(outcome: &'o Outcome, id: &str, column: Option<&str>) -> &'o Metric {
    let fits = |metric: &&Metric| metric.id == id && metric.column.as_deref() == column;
    let found = outcome.metrics.iter().find(fits);
    found.unwrap_or_else(|| panic!("no {id} in {:?}", outcome.metrics))
}

#[track_caller]
fn close(actual: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (actual - expected).abs() < 1e-9,
        "{actual} is not {expected}"
    );
}

#[track_caller]
fn rows_of(outcome: &Outcome, code: &str) -> Vec<u64> {
    let finding = outcome.findings.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("no {code} in {:?}", outcome.findings));
    finding.place.rows.clone().unwrap().rows
}

fn numbers(value: &Value) -> Vec<u64> {
    let rows = value.as_array().unwrap().iter();
    rows.map(|row| row.as_u64().unwrap()).collect()
}

#[track_caller]
fn severity_of(outcome: &Outcome, code: &str) -> Severity {
    let finding = outcome.findings.iter().find(|finding| finding.code == code);
    finding
        .unwrap_or_else(|| panic!("no {code} in {:?}", outcome.findings))
        .severity
}

#[test]
fn sizes_tell_what_scipy_tells() {
    let (run, expected) = whole();
    let outcome = check(&run, "split-sizes");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    let value = |id: &str| metric(&outcome, id, None).value.unwrap();
    close(value("test_per_train"), &expected["ratio"]);
    close(value("accuracy_half_width"), &expected["half_width"]);
    close(value("detectable_drop"), &expected["detectable_drop"]);
}

#[test]
fn a_small_or_empty_test_table_is_told() {
    let mut csv = "a,y\n".to_owned();
    for row in 0..3000 {
        let _written = writeln!(csv, "{row},{}", row % 2);
    }
    let outcome = check(&run(&csv, "a,y\n1,0\n2,1\n"), "split-sizes");
    assert_eq!(outcome.verdict, Verdict::Warn);
    // Few rows, few per training row, and few of each of the two classes.
    assert_eq!(outcome.findings.len(), 4, "{:?}", outcome.findings);
    let outcome = check(&run(&csv, "a,y\n"), "split-sizes");
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    let outcome = check(
        &run("a,y\n", "a,y\n1,0\n")
            .param("min_test", 0)
            .param("max_half_width", 1.0)
            .param("min_class", 0),
        "split-sizes",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
}

#[test]
fn new_labels_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = check(&run, "new-labels");
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ081"), numbers(&expected["new_labels"]));
    assert!(outcome.summary.contains("'maybe'"), "{}", outcome.summary);
}

#[test]
fn an_absent_label_is_chance_only_if_rare() {
    let table = |labels: &[(&str, usize)]| {
        let mut csv = "a,y\n".to_owned();
        for (label, n) in labels {
            csv.push_str(&format!("1,{label}\n").repeat(*n));
        }
        csv
    };
    let train = table(&[("a", 500), ("b", 400), ("c", 100), ("d", 1)]);
    let outcome = check(&run(&train, &table(&[("a", 60), ("b", 40)])), "new-labels");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    let severities: Vec<Severity> = outcome
        .findings
        .iter()
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(severities, [Severity::Warning, Severity::Note]);
    assert!(outcome.findings[0].title.contains("'c'"));
    let regression = run(&train, &train).facts(|facts| facts.task = Task::Regression);
    let error = regression.check("data-quality.new-labels").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
}

#[test]
fn new_categories_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = check(&run, "new-categories");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ083"), numbers(&expected["new_towns"]));
    let share = metric(&outcome, "new_share", Some("town"));
    close(share.value.unwrap(), &expected["new_town_share"]);
    let interval = share.interval.as_ref().unwrap();
    close(interval.low, &expected["new_town_interval"][0]);
    close(interval.high, &expected["new_town_interval"][1]);
}

#[test]
fn new_values_of_a_column_of_names_are_as_many_as_expected() {
    let table = |from: usize, n: usize| {
        let mut csv = "name,y\n".to_owned();
        for row in from..from + n {
            let _written = writeln!(csv, "n{row},{}", row % 2);
        }
        csv
    };
    let outcome = check(&run(&table(0, 300), &table(300, 100)), "new-categories");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert_eq!(severity_of(&outcome, "DQ083"), Severity::Note);
    assert_eq!(metric(&outcome, "new_share", Some("name")).value, Some(1.0));
}

#[test]
fn values_outside_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = check(&run, "value-ranges");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ084"), numbers(&expected["outside"]));
    let share = metric(&outcome, "outside_share", Some("size"))
        .value
        .unwrap();
    close(share, &expected["outside_share"]);
    let n = numbers(&expected["outside"]).len() as u64;
    let p = chance::outside_tail(400, 120, n);
    let expected = expected["outside_p"].as_f64().unwrap();
    assert!((p / expected - 1.0).abs() < 1e-9, "{p} {expected}");
}

#[test]
fn dates_before_and_on_training_dates_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = check(&run, "date-leakage");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ085"), numbers(&expected["before"]));
    assert_eq!(rows_of(&outcome, "DQ086"), numbers(&expected["same"]));
    let outcome = check(&run.param("fail_on_overlap", true), "date-leakage");
    assert_eq!(outcome.verdict, Verdict::Fail);
}

#[test]
fn a_split_by_time_passes_and_no_time_is_skipped() {
    let timed =
        |csv: &str, test: &str| run(csv, test).facts(|facts| facts.time = Some("day".to_owned()));
    let outcome = check(&timed("day,y\n1,0\n2,1\n", "day,y\n3,0\n"), "date-leakage");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    let outcome = check(&timed("day,y\n,0\n,1\n", "day,y\n3,0\n"), "date-leakage");
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
    let error = run("a,y\n1,0\n", "a,y\n1,0\n")
        .check("data-quality.date-leakage")
        .unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
}

#[test]
fn leaked_ids_are_those_of_pandas() {
    let (run, expected) = whole();
    let outcome = check(&run, "id-leakage");
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(rows_of(&outcome, "DQ087"), numbers(&expected["ids"]));
}

#[test]
fn row_numbers_are_no_ids() {
    let csv = "id,y\n0,0\n1,1\n2,0\n";
    let numbered = run(csv, csv).facts(|facts| facts.id = Some("id".to_owned()));
    let outcome = check(&numbered, "id-leakage");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert!(
        outcome.summary.contains("merely numbers"),
        "{}",
        outcome.summary
    );
}

/// Visits of persons, each with a town and a job of their own, dealt to two tables.
fn visits(key: &str, by_person: bool) -> (String, String) {
    let mut rng = Rng::new(9);
    let mut tables = [
        format!("{key},town,job,size,y\n"),
        format!("{key},town,job,size,y\n"),
    ];
    for person in 0..150 {
        let (town, job, side) = (rng.below(6), rng.below(5), usize::from(rng.below(4) == 0));
        for _ in 0..4 {
            let side = if by_person {
                side
            } else {
                usize::from(rng.below(4) == 0)
            };
            let size = rng.below(1000);
            let _written = writeln!(
                tables[side],
                "k{person},t{town},j{job},{size},{}",
                rng.below(2)
            );
        }
    }
    let [train, test] = tables;
    (train, test)
}

#[test]
fn a_person_on_both_sides_is_found_by_what_persons_share() {
    for key in ["label", "patient_id"] {
        let (train, test) = visits(key, false);
        let outcome = check(&run(&train, &test), "entity-leakage");
        assert_eq!(outcome.verdict, Verdict::Warn, "{key}: {}", outcome.summary);
        assert_eq!(outcome.findings[0].place.columns, [key]);
        // By hand: test rows whose key stands in the training table.
        let keys: Vec<&str> = train
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap())
            .collect();
        let leaked = test
            .lines()
            .skip(1)
            .filter(|line| keys.contains(&line.split(',').next().unwrap()));
        assert_eq!(rows_of(&outcome, "DQ088").len(), leaked.count());
        let (train, test) = visits(key, true);
        let outcome = check(&run(&train, &test), "entity-leakage");
        assert_eq!(outcome.verdict, Verdict::Pass, "{key}: {}", outcome.summary);
    }
    let (train, test) = visits("label", false);
    let outcome = check(
        &run(&train, &test).param("entities", ["label"]),
        "entity-leakage",
    );
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    let error = run(&train, &test)
        .param("entities", ["nobody"])
        .check("data-quality.entity-leakage");
    assert_eq!(error.unwrap_err().kind, CheckErrorKind::MissingInput);
}

/// Rows of ten inputs that hardly repeat; the test table copies some, slightly changed.
fn copies(copied: &[usize]) -> (String, String) {
    let mut rng = Rng::new(21);
    let mut row = |n: usize| {
        let name = ["Ada Byron", "Carl Gauss", "Emmy Noether"][rng.below(3)];
        let cells: Vec<String> = (0..9)
            .map(|_| (1000 + rng.below(400)).to_string())
            .collect();
        format!("{name},{},{}", cells.join(","), n % 2)
    };
    let header = "name,a,b,c,d,e,f,g,h,i,y";
    let train: Vec<String> = (0..200).map(&mut row).collect();
    let mut test: Vec<String> = (0..80).map(&mut row).collect();
    for (at, &from) in copied.iter().enumerate() {
        let mut cells: Vec<String> = train[from].split(',').map(str::to_owned).collect();
        match at % 3 {
            0 => cells[0] = format!("  {} ", cells[0].to_uppercase().replace(' ', "  ")),
            1 => "7777".clone_into(&mut cells[4]),
            _ => cells[10] = (1 - cells[10].parse::<i32>().unwrap()).to_string(),
        }
        test[at * 7] = cells.join(",");
    }
    let table = |rows: &[String]| format!("{header}\n{}\n", rows.join("\n"));
    (table(&train), table(&test))
}

#[test]
fn near_copies_are_found_row_by_row() {
    let (train, test) = copies(&[3, 50, 199, 0, 77, 120]);
    let outcome = check(&run(&train, &test), "near-duplicate-leakage");
    assert_eq!(rows_of(&outcome, "DQ089"), [0, 7, 14, 21, 28, 35]);
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    let (train, test) = copies(&[]);
    let outcome = check(&run(&train, &test), "near-duplicate-leakage");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    // Exact copies are told by `data-quality.duplicates`.
    let outcome = check(&run(&train, &train), "near-duplicate-leakage");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

#[test]
fn coarse_tables_cannot_tell_copies() {
    let mut csv = "a,b,y\n".to_owned();
    for row in 0..90 {
        let _written = writeln!(csv, "{},{},{}", row % 3, row % 2, row % 2);
    }
    let outcome = check(&run(&csv, &csv), "near-duplicate-leakage");
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
}

const ALL: &[&str] = &[
    "split-sizes",
    "new-labels",
    "new-categories",
    "value-ranges",
    "date-leakage",
    "id-leakage",
    "entity-leakage",
    "near-duplicate-leakage",
];

#[test]
fn odd_tables_are_no_panic() {
    let tables = [
        "id,day,a,b,y\n",
        "id,day,a,b,y\n1,1,1,x,0\n",
        "id,day,a,b,y\n,,,,\n,,,,\n",
        "y\n1\n1\n",
        "id,day,a,b,y\n1,9223372036854775807,-9223372036854775808,ü🦀,1\n1,1,1e300,,1\n",
        "id,day,a,b,y\n1,1,inf,x,1\n2,1,-inf,x,0\n3,NaN,NaN,NaN,1\n",
    ];
    for train in tables {
        for test in tables {
            for id in ALL {
                for task in [Task::Binary, Task::Regression] {
                    let odd = run(train, test).facts(|facts| {
                        facts.id = Some("id".to_owned());
                        facts.time = Some("day".to_owned());
                        facts.task = task;
                    });
                    let outcome = odd.check(&format!("data-quality.{id}"));
                    let is_empty = train.lines().count() == 1 || test.lines().count() == 1;
                    let passes = outcome.is_ok_and(|outcome| outcome.verdict == Verdict::Pass);
                    assert!(!(is_empty && passes), "{id} passes on {train:?} {test:?}");
                }
            }
        }
    }
}

#[test]
fn settings_beyond_their_range_are_refused() {
    let csv = "id,day,a,y\n1,1,1,0\n";
    for (id, name, value) in [
        ("split-sizes", "accuracy", 1.5),
        ("split-sizes", "min_ratio", -1.0),
        ("new-labels", "alpha", 0.0),
        ("new-categories", "alpha", 1.0),
        ("new-categories", "fail_above", 2.0),
        ("value-ranges", "alpha", f64::NAN),
        ("date-leakage", "warn_same_above", -0.1),
        ("id-leakage", "fail_above", 1.1),
        ("entity-leakage", "fail_above", 1.1),
        ("near-duplicate-leakage", "margin_bits", -1.0),
    ] {
        let error = run(csv, csv)
            .param(name, value)
            .check(&format!("data-quality.{id}"));
        assert_eq!(
            error.unwrap_err().kind,
            CheckErrorKind::BadParameter,
            "{id} {name}"
        );
    }
}
