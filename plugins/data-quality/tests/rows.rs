//! Checks of rows, of their order and of units through the real border, against scikit-learn, SciPy
//! and statsmodels and against what must be said.
//!
//! `rows_expected.json` is written by `rows_expected.py`, which names the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;

use interlock_data_quality::order::sequence::trend_and_neighbors;
use interlock_data_quality::order::stationarity::kpss;
use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{
    Cell, Chart, CheckErrorKind, Metric, Outcome, Role, Rows, Severity, TableRow, Task, Verdict,
};
use serde_json::Value;

/// Every check of this area.
const CHECKS: [&str; 5] = [
    "row-outliers",
    "unit-mix-ups",
    "order-dependence",
    "uniform",
    "almost-duplicates",
];

fn expected(part: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("rows_expected.json")).unwrap();
    all[part].clone()
}

fn run(csv: &str) -> Run {
    Run::new(interlock_data_quality::module())
        .table(Role::Train, TestTable::from_csv(csv))
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.task = Task::Binary;
        })
}

fn check(csv: &str, id: &str) -> Outcome {
    run(csv).check(&format!("data-quality.{id}")).unwrap()
}

fn rows(outcome: &Outcome, code: &str) -> Vec<u64> {
    let finding = outcome.findings.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("no {code} in {:?}", outcome.findings));
    finding.place.rows.clone().unwrap().rows
}

fn table<'o>(outcome: &'o Outcome, id: &str) -> &'o [TableRow] {
    let view = outcome.views.iter().find(|view| view.id == id).unwrap();
    match &view.chart {
        Chart::Table { rows, .. } => rows,
        other => panic!("{id} is {other:?}"),
    }
}

fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Number(value) => *value,
        other => panic!("{other:?} is no number"),
    }
}

#[test]
fn odd_rows_are_as_far_as_scikit_learn_says_and_stand_apart() {
    let expected = expected("row_outliers");
    let csv = expected["csv"].as_str().unwrap();
    let outcome = check(csv, "row-outliers");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(rows(&outcome, "DQ063"), [40, 170]);
    assert_eq!(outcome.findings[0].place.columns, ["height", "weight"]);
    let shown = table(&outcome, "oddest");
    assert_eq!(shown.len(), 20);
    for line in shown {
        let row = number(&line.cells[0]).to_string();
        let distance = expected["distances"][row.parse::<usize>().unwrap()]
            .as_f64()
            .unwrap();
        // Single precision.
        assert!(
            (number(&line.cells[1]) / distance - 1.0).abs() < 1e-5,
            "row {row}"
        );
    }
    // Without the two rows nothing stands apart.
    let sound: Vec<&str> = csv
        .lines()
        .enumerate()
        .filter(|(at, _)| ![41, 171].contains(at))
        .map(|(_, line)| line)
        .collect();
    let outcome = check(&sound.join("\n"), "row-outliers");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

fn metric(outcome: &Outcome, id: &str, column: &str) -> f64 {
    let is_it = |m: &&Metric| m.id == id && m.column.as_deref() == Some(column);
    let found = outcome.metrics.iter().find(is_it);
    let found = found.unwrap_or_else(|| panic!("no {id} of {column} in {:?}", outcome.metrics));
    found.value.unwrap()
}

#[track_caller]
fn close(actual: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

fn numbers(value: &Value) -> Vec<u64> {
    let values = value.as_array().unwrap();
    values.iter().map(|row| row.as_u64().unwrap()).collect()
}

#[test]
fn grams_and_fahrenheit_are_found_and_their_rows_are_all() {
    let expected = expected("unit_mix_ups");
    let csv = expected["csv"].as_str().unwrap();
    let outcome = check(csv, "unit-mix-ups");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    // Most probable first: Holm's factors are 3, 2 and 1.
    let found: Vec<(&str, &Rows)> = outcome
        .findings
        .iter()
        .map(|f| (f.place.columns[0].as_str(), f.place.rows.as_ref().unwrap()))
        .collect();
    assert_eq!(found.len(), 2, "{:?}", outcome.findings);
    assert_eq!((found[0].0, found[1].0), ("temperature", "weight"));
    assert_eq!(found[0].1.rows, numbers(&expected["fahrenheit"]));
    assert_eq!(found[1].1.rows, numbers(&expected["grams"]));
    assert!(
        outcome.findings[1].title.contains("1000 times the others"),
        "{}",
        outcome.findings[1].title
    );
    let p = &expected["p"];
    let times = |value: &Value, factor: f64| Value::from(value.as_f64().unwrap() * factor);
    close(
        metric(&outcome, "p_value", "temperature"),
        &times(&p["temperature"], 3.0),
        1e-9,
    );
    close(
        metric(&outcome, "p_value", "weight"),
        &times(&p["weight"], 2.0),
        1e-9,
    );
    assert_eq!(
        table(&outcome, "groups").len() as u64,
        expected["n_two_groups"].as_u64().unwrap()
    );
}

#[test]
fn order_is_measured_as_scipy_and_statsmodels_do() {
    let expected = expected("order_dependence");
    let csv = expected["csv"].as_str().unwrap();
    let by_day = run(csv).facts(|facts| facts.time = Some("day".to_owned()));
    let outcome = by_day.check("data-quality.order-dependence").unwrap();
    let mut p_values = Vec::new();
    for (name, column) in expected["columns"].as_object().unwrap() {
        close(metric(&outcome, "along", name), &column["along"], 1e-9);
        close(
            metric(&outcome, "neighbors", name),
            &column["neighbors"],
            1e-9,
        );
        if column["kpss"].is_null() {
            continue;
        }
        close(metric(&outcome, "kpss", name), &column["kpss"], 1e-9);
        p_values.push((name.as_str(), column));
        if name == "week" {
            let period = Value::from(240.0 / column["strongest_cycles"].as_f64().unwrap());
            close(metric(&outcome, "period", name), &period, 1e-9);
        }
    }
    let codes = |column: &str| -> Vec<&str> {
        let about = outcome.findings.iter();
        about
            .filter(|finding| finding.place.columns == [column])
            .map(|finding| finding.code.as_str())
            .collect()
    };
    assert_eq!(codes("trend"), ["DQ068", "DQ067"]);
    assert_eq!(codes("memory"), ["DQ067"]);
    assert_eq!(codes("week"), ["DQ067", "DQ069"]);
    assert_eq!(codes("blocks"), ["DQ067"]);
    for column in ["noise", "ties", "category"] {
        assert!(codes(column).is_empty(), "{column}: {:?}", codes(column));
    }
    // In the order of the file, which is none, nothing depends on it.
    let outcome = check(csv, "order-dependence");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

#[test]
fn raw_p_values_are_those_of_scipy() {
    let expected = expected("order_dependence");
    let csv = expected["csv"].as_str().unwrap();
    let mut lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let header = lines.remove(0);
    lines.sort_by_key(|line| line[0].parse::<u32>().unwrap());
    for (name, column) in expected["columns"].as_object().unwrap() {
        if column["kpss"].is_null() {
            continue;
        }
        let at = header.iter().position(|title| title == name).unwrap();
        let values: Vec<f64> = lines.iter().map(|line| line[at].parse().unwrap()).collect();
        let (along, neighbors) = trend_and_neighbors(&values).unwrap();
        close(along.p_value, &column["along_p"], 1e-9);
        close(neighbors.p_value, &column["neighbors_p"], 1e-9);
        close(kpss(&values).unwrap().p_value, &column["kpss_p"], 1e-7);
    }
}

#[test]
fn a_sorted_file_is_named_as_such() {
    let csv = |target: fn(usize) -> usize| {
        let mut csv = "a,town,score,y\n".to_owned();
        for row in 0..200 {
            let town = ["Ulm", "Jena", "Kiel", "Bonn"][row * 7919 % 4];
            let (y, noise) = (target(row), row * 7919 % 97);
            let _written = writeln!(csv, "{noise},{town},{},{y}", 50 * y + noise);
        }
        csv
    };
    let outcome = check(&csv(|row| row / 120), "order-dependence");
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(outcome.findings[0].code, "DQ066");
    assert!(
        outcome.summary.starts_with("rows are sorted by target 'y'"),
        "{}",
        outcome.summary
    );
    // What goes with the target follows its order: a note.
    let score = outcome
        .findings
        .iter()
        .find(|f| f.place.columns == ["score"]);
    assert_eq!(score.unwrap().severity, Severity::Note);
    assert!(!outcome.summary.contains("more"), "{}", outcome.summary);
}

fn heatmap<'o>(outcome: &'o Outcome, id: &str) -> (&'o [String], &'o [Option<f64>], &'o [Rows]) {
    let view = outcome.views.iter().find(|view| view.id == id).unwrap();
    match &view.chart {
        Chart::Heatmap {
            column_labels,
            values,
            rows,
            ..
        } => (column_labels, values, rows),
        other => panic!("{id} is {other:?}"),
    }
}

#[test]
fn columns_go_missing_together_as_pandas_says() {
    let expected = expected("missing_together");
    let outcome = check(expected["csv"].as_str().unwrap(), "missing-values");
    let named: Vec<Value> = expected["names"].as_array().unwrap().clone();
    for (id, key) in [
        ("missing-together", "correlation"),
        ("missing-matrix", "blocks"),
    ] {
        let (names, values, rows) = heatmap(&outcome, id);
        assert_eq!(names, named);
        let expected = expected[key].as_array().unwrap();
        assert_eq!((values.len(), rows.len()), (expected.len(), expected.len()));
        for (value, expected) in values.iter().zip(expected) {
            close(value.unwrap(), expected, 1e-12);
        }
    }
    // Of ten rows 190 to 199, 'c' misses all.
    let (_, values, rows) = heatmap(&outcome, "missing-matrix");
    let (at, _) = named
        .iter()
        .enumerate()
        .find(|(_, name)| *name == "c")
        .unwrap();
    assert_eq!(values[19 * named.len() + at], Some(1.0));
    assert_eq!(
        rows[19 * named.len() + at].rows,
        (190..200).collect::<Vec<u64>>()
    );
}

/// Blood pressures, of which some are 0: each condition by itself keeps zeros from being suspected.
#[test]
fn zeros_are_suspected_only_if_all_conditions_hold() {
    let pressures = |n_zeros: usize, n_others: usize, more: &str| {
        let mut csv = format!("pressure,y\n{more}");
        for row in 0..n_zeros + n_others {
            let pressure = if row < n_zeros { 0 } else { 60 + row * 7 % 31 };
            let _written = writeln!(csv, "{pressure},{}", row % 2);
        }
        run(&csv)
    };
    let verdict = |run: &Run| run.check("data-quality.zeros").unwrap().verdict;
    assert_eq!(verdict(&pressures(10, 90, "")), Verdict::Warn);
    // Exactly half are zero; one more.
    assert_eq!(verdict(&pressures(50, 50, "")), Verdict::Warn);
    assert_eq!(verdict(&pressures(51, 50, "")), Verdict::Pass);
    // As many others as it takes; one fewer.
    assert_eq!(verdict(&pressures(5, 30, "")), Verdict::Warn);
    assert_eq!(verdict(&pressures(5, 29, "")), Verdict::Pass);
    // Zero not far enough from the middle.
    let lenient = pressures(10, 90, "").param("placeholder_z", 50.0);
    assert_eq!(verdict(&lenient), Verdict::Pass);
    // A value between, nearer to zero than the others spread; and one on the other side.
    assert_eq!(verdict(&pressures(10, 90, "2,0\n")), Verdict::Pass);
    assert_eq!(verdict(&pressures(10, 90, "-30,0\n")), Verdict::Pass);
    assert_eq!(verdict(&pressures(10, 90, "30,0\n")), Verdict::Warn);
}

#[test]
fn even_columns_are_as_even_as_scipy_says() {
    let expected = expected("uniform");
    let outcome = check(expected["csv"].as_str().unwrap(), "uniform");
    let distances = expected["distance"].as_object().unwrap();
    for (name, distance) in distances {
        close(metric(&outcome, "distance", name), distance, 1e-12);
        let mut shown = table(&outcome, "evenness").iter();
        let line = shown.find(|line| line.cells[0] == Cell::from(name.as_str()));
        close(number(&line.unwrap().cells[4]), &expected["p"][name], 1e-9);
    }
    let mut noted: Vec<&str> = outcome
        .findings
        .iter()
        .map(|finding| finding.place.columns[0].as_str())
        .collect();
    noted.sort_unstable();
    assert_eq!(noted, ["hash", "number", "token"]);
    let running = outcome
        .findings
        .iter()
        .find(|f| f.place.columns == ["number"]);
    assert!(running.unwrap().title.contains("running number"));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
}

#[test]
fn almost_equal_rows_are_those_of_all_pairs() {
    let expected = expected("almost_duplicates");
    let csv = expected["csv"].as_str().unwrap();
    let pairs = |outcome: &Outcome| -> Vec<Value> {
        let mut pairs: Vec<(u64, u64)> = table(outcome, "pairs")
            .iter()
            .map(|line| {
                let rows = &line.rows.as_ref().unwrap().rows;
                (rows[0], rows[1])
            })
            .collect();
        pairs.sort_unstable();
        pairs
            .into_iter()
            .map(|(a, b)| Value::from(vec![a, b]))
            .collect()
    };
    let one = check(csv, "almost-duplicates");
    assert_eq!(pairs(&one), *expected["one"].as_array().unwrap());
    // 3 of 300 rows are more than five thousandths.
    assert_eq!(one.verdict, Verdict::Warn, "{}", one.summary);
    let share = one.metrics[0].value.unwrap();
    assert!((share - 0.01).abs() < 1e-12);
    let two = run(csv).param("max_differing", 2).param("warn_above", 0.5);
    let two = two.check("data-quality.almost-duplicates").unwrap();
    let mut both = expected["one"].as_array().unwrap().clone();
    both.extend(expected["two"].as_array().unwrap().iter().cloned());
    both.sort_by_key(ToString::to_string);
    let mut found = pairs(&two);
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, both);
    assert_eq!(two.verdict, Verdict::Pass, "{}", two.summary);
}

/// Tables with which a check has nothing to go by, or too little.
const ODD: [&str; 8] = [
    "",
    "a\n",
    "a,y\n1,0\n",
    "a,b\n,\n,\n",
    "a\n1\n1\n1\n",
    "name,y\nÄrger 😀,1\nمرحبا,0\n",
    "big,b\n9007199254740993,1e308\n-9223372036854775808,-1e308\n3,0\n",
    "x,z\ninf,nan\n-inf,1\n-0.0,0\n",
];

#[test]
fn odd_tables_are_no_panic_and_no_pass() {
    for csv in ODD {
        let skipped = run(csv).check("data-quality.uniform").unwrap_err();
        assert_eq!(skipped.kind, CheckErrorKind::MissingInput, "{csv:?}");
        for id in ["row-outliers", "unit-mix-ups", "order-dependence"] {
            let outcome = check(csv, id);
            assert_eq!(
                outcome.verdict,
                Verdict::Inconclusive,
                "{id} on {csv:?}: {}",
                outcome.summary
            );
        }
    }
}

#[test]
fn settings_beyond_their_range_are_refused() {
    for (id, name, value) in [
        ("row-outliers", "alpha", 0.9),
        ("row-outliers", "min_ratio", 0.5),
        ("unit-mix-ups", "alpha", 0.0),
        ("order-dependence", "min_effect", 1.5),
        ("uniform", "max_distance", -0.1),
        ("almost-duplicates", "margin_bits", -1.0),
        ("order-dependence", "min_rows", 3.0),
    ] {
        let run = run("a,y\n1,0\n").param(name, value);
        let error = run.check(&format!("data-quality.{id}")).unwrap_err();
        assert_eq!(error.kind, CheckErrorKind::BadParameter, "{id} {name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_findings_are_complete() {
    for (id, part) in [
        ("row-outliers", "row_outliers"),
        ("unit-mix-ups", "unit_mix_ups"),
        ("order-dependence", "order_dependence"),
        ("uniform", "uniform"),
        ("almost-duplicates", "almost_duplicates"),
    ] {
        let expected = expected(part);
        let run = run(expected["csv"].as_str().unwrap())
            .seed(9)
            .facts(|facts| facts.time = (id == "order-dependence").then(|| "day".to_owned()));
        let id = format!("data-quality.{id}");
        let outcome = run.check(&id).unwrap();
        assert_eq!(outcome, run.check(&id).unwrap(), "{id}");
        assert!(!outcome.findings.is_empty(), "{id}");
        for finding in &outcome.findings {
            assert!(
                !finding.explanation.is_empty() && !finding.advice.is_empty(),
                "{finding:?}"
            );
            let evidence = finding.evidence.as_ref().unwrap();
            assert!(
                outcome.views.iter().any(|view| view.id == *evidence),
                "{id} has no view {evidence}"
            );
        }
    }
}

#[test]
fn wide_tables_are_no_trouble() {
    let n_columns = 2000;
    let names: Vec<String> = (0..n_columns).map(|at| format!("x{at}")).collect();
    let mut csv = names.join(",");
    for row in 0..60_usize {
        let cells: Vec<String> = (0..n_columns)
            .map(|at| (row * row * (at + 7) % 1009).to_string())
            .collect();
        let _written = write!(csv, "\n{}", cells.join(","));
    }
    for id in CHECKS.iter().filter(|id| **id != "uniform") {
        let outcome = check(&csv, id);
        assert!(!outcome.summary.is_empty(), "{id}");
    }
    // 60 values are too few to call a column uniform: all 2,000 are looked at, and it says so.
    let error = run(&csv).check("data-quality.uniform").unwrap_err();
    assert!(
        error.to_string().contains("2000 numeric columns"),
        "{error}"
    );
}
